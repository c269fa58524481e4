// decide - the one decision: must this next hop be reached over verified TLS, and why.
//
// Pure: no clock, no socket, no cache; everything it needs is an argument. One table test holds its rows
// (DESIGN §4). The order of the rules is the order of DESIGN §4; what is done about mixed MX sets is told in
// docs/adr.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/dane.hpp"
#include "core/moment.hpp"
#include "core/override.hpp"
#include "core/sts_policy.hpp"
#include "core/time.hpp"

namespace mtasts {

// A policy that was fetched once, and when. Views live as long as the record they were taken from.
struct CachedPolicy {
  PolicyView policy;
  Time fetched_at;      // of the last successful fetch (STS-26)
  std::string_view id;  // of the TXT record that announced it
};

// When the policy expires: max_age after the last successful fetch (STS-26). A max_age of 0 lasts for 60 s,
// so that the flight that fetched it can be answered (docs/adr). A fetch later than moment.judged_at() counts
// as made then, so that a wrong clock cannot prolong a policy (STS-33).
Time expires_at(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept;

// Whether the policy is in force: it has not expired, or the clock is in doubt and it had not expired at the
// last certain moment. Ask this, and do not compare expires_at() with a time of your own.
bool holds(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept;

// Whether a stored policy must stay in its entry: while it is in force, for 30 days after it expired, and
// while the clock is in doubt. So a clock that was ahead for a while costs nothing once it is right again.
bool must_stay(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept;
inline constexpr std::chrono::hours expired_stay{30 * 24};

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
  bool lost = false;        // the stored entry was damaged and nothing has settled since what it demanded
};

// Does the Postfix that asks do DANE itself? Without, its "dane" is "may" and its "dane-only" defers (PFX-8).
enum class PostfixDane { yes, no, unknown };

// What the daemon can rely on when DNSSEC can't be validated here.
enum class Dnssec {
  works,
  ignore_dane,  // it doesn't: rules 3 to 5 need a state that was stored before
  temp,         // it doesn't: without such a state the mail waits
};

struct ZoneRules {
  bool testing_as_enforce = false;
  bool dane = true;  // false: rules 3 to 5 are skipped, the policy decides alone
  bool sts = true;   // false: as if there were no policy
  PostfixDane postfix_dane = PostfixDane::yes;
  bool partial_dane_only = false;  // partial_dane = "dane-only"
  Dnssec dnssec = Dnssec::works;
  std::string_view dnssec_detail{};  // why it doesn't; lives as long as the decision
  unsigned mx_hosts = 10;
};

enum class Verdict {
  not_found,  // as without a policy
  secure,     // verified TLS, names by the policy
  dane,       // DANE where there is TLSA
  dane_only,  // DANE or nothing
  given,      // an override's answer
  temp,       // undecided: the mail must wait
};

// The detail of a secure decision where none of the MX hosts that were last seen matches the policy.
inline constexpr std::string_view no_host_fits =
    "no MX host fits the policy, so mail waits until the domain's owner mends one of them";

// "none", "secure", "dane", "dane-only", "answer", "temp"
std::string_view words(Verdict verdict) noexcept;

struct Decision {
  Verdict verdict = Verdict::not_found;
  std::string_view rule;                 // of DESIGN §4: "2", "3", "4a" … "7"
  std::string_view reason;               // static words: "enforce policy", "no MTA-STS record"
  std::string_view detail;               // further cause, may be empty; lives as long as the arguments
  CachedPolicy const* policy = nullptr;  // set if verdict is secure
  std::string_view given{};              // verdict given: the reply after "OK "
};

// cached: nullptr if none. It may be expired: that is judged here.
// dane: the state of this next hop, nullptr if none is known (yet). Its age is judged here.
// over: the override in force for this next hop, or nullptr.
Decision decide(const Moment& moment, const CachedPolicy* cached, const StsFindings& sts,
                const DaneView* dane, const ZoneRules& zone, const Override* over = nullptr) noexcept;

// Rule 2 alone, for an answer before any lookup: set if the override settles everything.
std::optional<Decision> decide_override(const Override* over) noexcept;
// The rules with what an override changes about them. Nothing but rule 2 looks at the override's action.
ZoneRules overridden(ZoneRules zone, const Override* over) noexcept;

}  // namespace mtasts
