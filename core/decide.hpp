// decide - the one decision: must this next hop be reached over verified TLS, and why.
//
// Pure: no clock, no socket, no cache; everything it needs is an argument. The rules, their order and their
// reasons are in docs/DECISION.md; why mixed MX sets are answered as they are is in docs/adr/0006.
#pragma once

#include <optional>
#include <string_view>

#include "core/dane.hpp"
#include "core/moment.hpp"
#include "core/override.hpp"
#include "core/record.hpp"
#include "core/time.hpp"
#include "core/zone_settings.hpp"

namespace mtasts {

// Whether the Postfix that asks does DANE itself. If not, it treats "dane" as "may" and defers "dane-only"
// (PFX-8).
enum class PostfixDane { yes, no, unknown };

constexpr std::string_view words(PostfixDane postfix) noexcept {
  switch (postfix) {
    case PostfixDane::yes: return "yes";
    case PostfixDane::no: return "no";
    case PostfixDane::unknown: return "unknown";
  }
  return {};
}

// Whether DNSSEC can be validated on this host. If not: what holds for a next hop whose own lookup decided
// nothing. A validated answer decides, whatever this says.
enum class Dnssec {
  works,
  ignore_dane,         // the policy decides alone
  temp,                // the mail waits
  last_proof_or_temp,  // the last proof, up to 30 days old; without one the mail waits
  last_proof_or_sts,   // the same; without one the policy decides alone
};

// A zone's settings, with what the daemon knows about this host now.
struct ZoneRules {
  ZoneSettings settings{};  // as configured, except for what an override changes
  bool sts = true;          // false: decide as if there were no policy
  PostfixDane postfix_dane = PostfixDane::yes;
  Dnssec dnssec = Dnssec::works;
  std::string_view dnssec_detail{};  // why DNSSEC does not work; must outlive the decision
};

enum class Verdict {
  not_found,  // nothing is required, as without a policy
  secure,     // verified TLS, to a host that the policy names
  dane,       // DANE with the hosts that have TLSA records
  dane_only,  // DANE, or no delivery
  given,      // an override's answer
  temp,       // undecided: the mail must wait
};

// The detail of a secure decision if none of the MX hosts last seen matches the policy.
inline constexpr std::string_view no_host_fits =
    "no MX host fits the policy, so mail waits until the domain's owner mends one of them";

// The reason of a temp decision by rules 4 and 5 with a Postfix of which nothing is known.
inline constexpr std::string_view postfix_unknown = "not known yet whether Postfix does DANE itself";

// The reason of rule 7: why no policy is in force. Static text.
std::string_view reason_without_policy(StsState state) noexcept;

// As in the json map.
constexpr std::string_view words(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::not_found: return "none";
    case Verdict::secure: return "secure";
    case Verdict::dane: return "dane";
    case Verdict::dane_only: return "dane-only";
    case Verdict::given: return "answer";
    case Verdict::temp: return "temp";
  }
  return {};
}

struct Decision {
  Verdict verdict = Verdict::not_found;
  std::string_view rule;               // of docs/DECISION.md: "2", "3", "4a" … "7"
  std::string_view reason;             // static text: "enforce policy", "no MTA-STS record"
  std::string_view detail;             // more about the cause, may be empty; lives as long as the arguments
  const PolicyView* policy = nullptr;  // set if verdict is secure; lives as long as the record
  std::string_view given{};            // verdict given: the reply after "OK "
};

// record: what is known about the policy domain, from the cache or from a lookup; nullptr: nothing. decide()
// itself judges whether the policy and the DANE state of route, the next hop, are in force. sts: the
// state of the policy lookup if record does not have it yet (pending); nullopt: as record says. over: the
// override in force for this next hop; nullptr: none.
Decision decide(const Moment& moment, const RecordView* record, std::optional<StsState> sts, Route route,
                const ZoneRules& rules, const Override* over = nullptr) noexcept;

// False: rules 3 to 5 are skipped, the policy decides alone, and nothing needs to be looked up for DANE. A
// Postfix that does not do DANE itself is one reason: no answer could protect its mail by DANE, so no mail
// may be deferred for it.
constexpr bool dane_counts(const ZoneRules& zone) noexcept {
  return zone.settings.dane && zone.postfix_dane != PostfixDane::no;
}

// True if the DANE state alone gives the answer: no policy could change it, so nobody needs to wait for one.
// dane: the state of the next hop; nullptr: none is known. Whether it is in force is judged here.
bool dane_decides_alone(Time now, const DaneView* dane, const ZoneRules& zone) noexcept;

// Rule 2 alone, for an answer before any lookup. nullopt: the other rules decide.
std::optional<Decision> decide_override(const Override* over) noexcept;
// The rules with the changes that an override makes. Only this function and rule 2 read the override's
// action.
ZoneRules overridden(ZoneRules zone, const Override* over) noexcept;

}  // namespace mtasts
