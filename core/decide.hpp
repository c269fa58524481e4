// decide - the one decision: must this next hop be reached over verified TLS, and why.
//
// Pure: no clock, no socket, no cache; everything it needs is an argument. The rules, their order and their
// reasons are in docs/DECISION.md; why mixed MX sets are answered as they are is in docs/adr/0006.
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

// Whether DNSSEC can be validated on this host; if not, what holds for a next hop whose own lookup decided
// nothing. An answer that validates decides whatever this says.
enum class Dnssec {
  works,
  ignore_dane,         // the policy decides alone
  temp,                // the mail waits
  last_proof_or_temp,  // the last proof of 30 days; nothing was ever proved: the mail waits
  last_proof_or_sts,   // the same; nothing was ever proved: the policy decides alone
};

struct ZoneRules {
  bool testing_as_enforce = false;
  bool dane = true;  // see dane_counts()
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
  std::string_view rule;                 // of docs/DECISION.md: "2", "3", "4a" … "7"
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

// False: rules 3 to 5 are skipped, the policy decides alone, and nothing need be asked about DANE. So it is
// too for a Postfix that does no DANE itself: no answer could protect its mail by DANE, and none may defer
// it.
constexpr bool dane_counts(const ZoneRules& zone) noexcept {
  return zone.dane && zone.postfix_dane != PostfixDane::no;
}

// Whether the state alone gives the answer: no policy could change it, so that none need be waited for.
// dane: as in decide().
bool dane_decides_alone(Time now, const DaneView* dane, const ZoneRules& zone) noexcept;

// Rule 2 alone, for an answer before any lookup: set if the override settles everything.
std::optional<Decision> decide_override(const Override* over) noexcept;
// The rules with what an override changes about them. Nothing but rule 2 looks at the override's action.
ZoneRules overridden(ZoneRules zone, const Override* over) noexcept;

}  // namespace mtasts
