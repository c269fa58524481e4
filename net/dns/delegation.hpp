// delegation - what a denial of DS records proves about a delegation (RFC 4035 §5.2, RFC 5155 §5, §8.9,
// §9.2).
#pragma once

#include <string>
#include <string_view>

namespace mtasts {

// True if everything below name is provably unsigned, even if its servers are dead. packet: a validated
// answer to "name DS" that has no DS records. secure: libunbound's judgement of it. There are two proofs:
//  - The answer is secure, and has an NSEC or NSEC3 record of the name itself that shows a delegation.
//  - The answer is insecure, as in an unsigned zone or by opt-out. This is not a proof if NSEC3 records have
//    more iterations than libunbound follows: it calls such a denial insecure too, but the zone is signed
//    (RFC 9276 §3.2).
//
// False if name may be inside a signed zone, or if the packet can't be read.
bool is_unsigned_delegation(std::string_view packet, std::string_view name, bool secure) noexcept;

// The hash of a name in base32hex, which is the first label of an NSEC3 record's owner (RFC 5155 §5). salt:
// raw octets. Empty: the name has no wire form.
std::string nsec3_hash(std::string_view name, std::string_view salt, unsigned iterations);

}  // namespace mtasts
