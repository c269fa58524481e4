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

// Does the Postfix that asks do DANE itself? Without, its "dane" is "may" and its "dane-only" defers (PFX-8).
enum class PostfixDane { yes, no, unknown };

constexpr std::string_view words(PostfixDane postfix) noexcept {
  switch (postfix) {
    case PostfixDane::yes: return "yes";
    case PostfixDane::no: return "no";
    case PostfixDane::unknown: return "unknown";
  }
  return {};
}

// Whether DNSSEC can be validated on this host; if not, what holds for a next hop whose own lookup decided
// nothing. An answer that validates decides whatever this says.
enum class Dnssec {
  works,
  ignore_dane,         // the policy decides alone
  temp,                // the mail waits
  last_proof_or_temp,  // the last proof of 30 days; nothing was ever proved: the mail waits
  last_proof_or_sts,   // the same; nothing was ever proved: the policy decides alone
};

// What holds for a next hop of a zone, as things are now.
struct ZoneRules {
  ZoneSettings settings{};  // as configured, but for what an override changes
  bool sts = true;          // false: as if there were no policy
  PostfixDane postfix_dane = PostfixDane::yes;
  Dnssec dnssec = Dnssec::works;
  std::string_view dnssec_detail{};  // why it doesn't; lives as long as the decision
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
  std::string_view rule;               // of docs/DECISION.md: "2", "3", "4a" … "7"
  std::string_view reason;             // static words: "enforce policy", "no MTA-STS record"
  std::string_view detail;             // further cause, may be empty; lives as long as the arguments
  const PolicyView* policy = nullptr;  // set if verdict is secure; lives as long as the record
  std::string_view given{};            // verdict given: the reply after "OK "
};

// record: what is stored or was found out about the policy domain, nullptr if nothing is. Whether its policy
// and the DANE state of route, the next hop, are still in force is judged here. sts: what became of the
// lookup of the policy, where that is not what the record says: pending. over: the override in force for this
// next hop, or nullptr.
Decision decide(const Moment& moment, const RecordView* record, std::optional<StsState> sts, Route route,
                const ZoneRules& rules, const Override* over = nullptr) noexcept;

// False: rules 3 to 5 are skipped, the policy decides alone, and nothing need be asked about DANE. So it is
// too for a Postfix that does no DANE itself: no answer could protect its mail by DANE, and none may defer
// it.
constexpr bool dane_counts(const ZoneRules& zone) noexcept {
  return zone.settings.dane && zone.postfix_dane != PostfixDane::no;
}

// Whether the state alone gives the answer: no policy could change it, so that none need be waited for.
// dane: the state of the next hop, nullptr if none is known. Its age is judged here.
bool dane_decides_alone(Time now, const DaneView* dane, const ZoneRules& zone) noexcept;

// Rule 2 alone, for an answer before any lookup: set if the override settles everything.
std::optional<Decision> decide_override(const Override* over) noexcept;
// The rules with what an override changes about them. Nothing but rule 2 looks at the override's action.
ZoneRules overridden(ZoneRules zone, const Override* over) noexcept;

}  // namespace mtasts
