// decision - mtastsd's decision about a next hop, read from a reply of the `json` map, and whether it is
// enough for mail that requires verified TLS.
//
// The reply comes from a socket, so any bytes are handled. Texts in the result are printable ASCII.
#pragma once

#include <string>
#include <string_view>

#include "core/decide.hpp"
#include "core/result.hpp"

namespace mtasts {

struct NextHopDecision {
  Verdict verdict = Verdict::temp;
  std::string domain;          // the policy domain
  std::string reason;          // "no MTA-STS record"
  std::string detail{};        // more about the cause; may be empty
  std::string level{};         // verdict given: the TLS level that the override answers; empty: it has none
  bool no_host_fits = false;   // verdict secure: the policy lists none of the MX hosts last seen
  bool not_looked_up = false;  // verdict not_found: only because the lookup is not done, or DNS failed
  friend bool operator==(const NextHopDecision&, const NextHopDecision&) = default;
};

// reply: what follows the netstring's length, "OK {...}". Fault::timeout: mtastsd answers TEMP.
// Fault::config: it answers PERM, so the map name is wrong. Fault::protocol: anything else. detail says why,
// in printable ASCII.
Result<NextHopDecision> read_json_reply(std::string_view reply);

enum class Sufficiency {  // the weakest first
  falls_short,            // mail to the next hop may go out without verified TLS
  unknown,                // mtastsd could not decide
  suffices,               // mail to it gets verified TLS or stays in the queue
};

// Verified means: the host is authenticated, as Postfix's own REQUIRETLS demands (PFX-39). "dane" does not
// suffice, because it falls back to no verification for hosts without TLSA records (PFX-31).
Sufficiency sufficiency(const NextHopDecision& decision) noexcept;

// The reason and, in parentheses, its detail.
std::string why(const NextHopDecision& decision);

}  // namespace mtasts
