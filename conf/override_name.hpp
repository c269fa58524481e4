// override_name - the NAME of a section [override."NAME"] (KEY-1, KEY-5, KEY-6, PFX-44).
//
// A domain, "*." and a domain, or a literal next hop as it stands in Postfix: with brackets, a port (number
// or service name), or both. Case, one final dot and U-labels are normalised; a port stays "as written", so
// "[host]" and "[host]:25" are two next hops, as they are to Postfix.
#pragma once

#include <string>
#include <string_view>

#include "conf/values.hpp"
#include "core/override.hpp"

namespace mtasts {

// The error is "what is wrong; remedy" without the name, which the message begins with.
Read<OverrideKey> read_override_name(std::string_view name);

// The normalised name: equal for equal keys alone.
std::string to_string(const OverrideKey& key);

}  // namespace mtasts
