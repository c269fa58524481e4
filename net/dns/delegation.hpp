// delegation - what a denial of DS records proves about a delegation (RFC 4035 §5.2, RFC 5155 §5, §8.9,
// §9.2).
#pragma once

#include <string>
#include <string_view>

namespace mtasts {

// packet: a validated answer to "name DS" without such records; secure: as libunbound judged it. True if all
// below name is provably unsigned, however dead its servers are:
//  - secure, and its NSEC or NSEC3 record is that of the name itself and of a delegation;
//  - insecure, as in an unsigned zone or by opt-out. Not where NSEC3 records have more iterations than
//    libunbound follows: it calls such a denial insecure too, but the zone is signed (RFC 9276 §3.2).
// False: name may lie inside of a signed zone, or the packet can't be read.
bool is_unsigned_delegation(std::string_view packet, std::string_view name, bool secure) noexcept;

// The hash of a name in base32hex, as it begins an NSEC3 record's owner (RFC 5155 §5). salt: octets. "" for a
// name that has no wire form.
std::string nsec3_hash(std::string_view name, std::string_view salt, unsigned iterations);

}  // namespace mtasts
