// delegation - what a denial of DS records proves about a delegation (RFC 4035 §5.2, RFC 5155 §8.9).
#pragma once

#include <string_view>

namespace mtasts {

// packet: a validated, secure answer to "name DS" without such records. True if its NSEC or NSEC3 record is
// that of a delegation: then all below name is unsigned, however dead its servers are. False: name may lie
// inside of a signed zone, or the packet can't be read.
bool is_unsigned_delegation(std::string_view packet, std::string_view name) noexcept;

}  // namespace mtasts
