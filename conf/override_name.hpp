// override_name - the NAME of a section [override."NAME"] (KEY-1, KEY-5, KEY-6, PFX-44).
//
// The name is a domain, "*." and a domain, or a literal next hop as written in Postfix: with brackets, a port
// (number or service name), or both. Case, one final dot and U-labels are normalised. Whether a port is
// written makes a difference: "[host]" and "[host]:25" are two next hops, as they are to Postfix.
#pragma once

#include <string>
#include <string_view>

#include "conf/values.hpp"
#include "core/override.hpp"

namespace mtasts {

// The error is "what is wrong; remedy". It does not quote the name: the caller's message begins with it.
Read<OverrideKey> read_override_name(std::string_view name);

// The normalised name. Only equal keys have the same one.
std::string to_string(const OverrideKey& key);

}  // namespace mtasts
