// decide - the one decision: must this next hop be reached over verified TLS, and why.
//
// Pure: no clock, no socket, no cache; everything it needs is an argument. One table test holds its rows
// (DESIGN §4). The order of the rules is the order of DESIGN §4. The DANE rules (3 to 5) will stand before
// rule 6.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/sts_policy.hpp"
#include "core/time.hpp"

namespace mtasts {

// A policy that was fetched once, and when. Views live as long as the record they were taken from.
struct CachedPolicy {
  PolicyView policy;
  Time fetched_at;      // of the last successful fetch (STS-26)
  std::string_view id;  // of the TXT record that announced it
};

// When the policy stops to hold: max_age after the last successful fetch (STS-26). A max_age of 0 holds for
// 60 s, so that the flight that fetched it can be answered (docs/adr). A fetch time in the future counts as
// now (STS-33).
Time expires_at(const PolicyView& policy, Time fetched_at, Time now) noexcept;

// What discovery found this time; it matters for the reason, and never against an unexpired cached policy.
enum class StsState {
  not_asked,     // answered from the cache alone
  no_record,     // no TXT record of ours
  bad_record,    // two records, or one that is invalid
  dns_failed,    // the TXT lookup failed or was bogus
  fetch_failed,  // valid TXT, the policy could not be had (STS-38)
  pending,       // not done within the wait
};

struct StsFindings {
  StsState state = StsState::not_asked;
  std::string_view detail;  // the cause in words, for the reason
};

struct ZoneRules {
  bool testing_as_enforce = false;
};

enum class Verdict {
  not_found,  // as without a policy
  secure,     // verified TLS, names by the policy
  dane,       // DANE where there is TLSA
  dane_only,  // DANE or nothing
  temp,       // undecided: the mail must wait
};

std::string_view words(Verdict verdict) noexcept;  // "none", "secure", "dane", "dane-only", "temp"

struct Decision {
  Verdict verdict = Verdict::not_found;
  std::string_view reason;               // static words: "enforce policy", "no MTA-STS record"
  std::string_view detail;               // further cause, may be empty; lives as long as the findings
  CachedPolicy const* policy = nullptr;  // set if verdict is secure
};

// cached: nullptr if none. It may be expired: that is judged here.
Decision decide(Time now, const CachedPolicy* cached, const StsFindings& sts, const ZoneRules& zone) noexcept;

}  // namespace mtasts
