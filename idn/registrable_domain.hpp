// registrable_domain - the part of a domain that somebody had to register: a public suffix and one more label
// (publicsuffix.org).
#pragma once

#include <string>

#include "core/domain_name.hpp"

namespace mtasts {

// "mail.example.co.uk" gives "example.co.uk". A name that is itself a public suffix is returned whole, and so
// is every name if the list can't be read.
std::string registrable_domain(const DomainName& domain);

}  // namespace mtasts
