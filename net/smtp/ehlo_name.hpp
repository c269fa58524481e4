// ehlo_name - what we call ourselves in EHLO (RFC 5321 §4.1.4). Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/address.hpp"

namespace mtasts {

// configured: as [check] ehlo says; not empty: it is the result. host_name: of this host; it is the result if
// it is a full domain name that can exist in the DNS. Else RFC 5321 asks for an address literal: of local,
// from which the connection is made.
std::string ehlo_name(std::string_view configured, std::string_view host_name, const Address& local);

}  // namespace mtasts
