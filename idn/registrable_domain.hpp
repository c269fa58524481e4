// registrable_domain - what somebody had to register to have a domain: the public suffix and one label more
// (publicsuffix.org), as far as the list is known.
#pragma once

#include <string>

#include "core/domain_name.hpp"

namespace mtasts {

// "mail.example.co.uk" gives "example.co.uk". A name that is a public suffix itself gives the whole name, and
// so does every name if the list can't be read.
std::string registrable_domain(const DomainName& domain);

}  // namespace mtasts
