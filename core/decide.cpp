#include "core/decide.hpp"

#include <algorithm>

namespace mtasts {

namespace {

Decision temp(std::string_view rule, std::string_view reason, std::string_view detail) noexcept {
  return {Verdict::temp, rule, reason, detail};
}

// A policy that no host can satisfy makes mail wait: its owner wanted protection, and can fix it.
Decision enforce(const PolicyView& policy, std::string_view reason) noexcept {
  if (policy.mx.empty()) return temp("6", "the policy lists no host name", {});
  if (!can_match(policy.mx)) return temp("6", "no mx of the MTA-STS policy can match a host", {});
  return {Verdict::secure, "6", reason, {}, &policy};
}

// Rules 6 and 7 for a policy in force. It counts whatever DNS and HTTPS say now (RFC 8461 §3.3, STS-30,
// STS-31).
Decision apply(const PolicyView& policy, const ZoneRules& zone) noexcept {
  switch (policy.mode) {
    case Mode::enforce: return enforce(policy, "enforce policy");
    case Mode::testing:
      if (zone.settings.testing_as_enforce) return enforce(policy, "testing policy taken as enforce");
      return {Verdict::not_found, "7", "testing policy", {}};  // STS-41, ANS-4
    case Mode::none: break;
  }
  return {Verdict::not_found, "7", "policy with mode none", {}};
}

std::string_view over_reason(const Override* over) noexcept {
  return over == nullptr ? std::string_view() : std::string_view(over->reason);
}

bool enforces(const PolicyView& policy, const ZoneRules& zone) noexcept {
  return policy.mode == Mode::enforce || (policy.mode == Mode::testing && zone.settings.testing_as_enforce);
}

using Maybe = std::optional<Decision>;  // nullopt: rules 6 and 7 decide

// Rules 4 and 5: the MX RRset is secure. The letters are those of docs/DECISION.md.
Maybe by_hosts(const HostTally& hosts, std::string_view detail, bool policy_enforces,
               const ZoneRules& zone) noexcept {
  unsigned others = hosts.unusable + hosts.none + hosts.insecure;
  if (hosts.usable > 0 && hosts.failed == 0 && others == 0)
    return Decision{Verdict::dane_only, "4a", "usable TLSA records for every MX host", {}};
  if (hosts.usable > 0 && hosts.failed > 0)  // Postfix itself skips the one that failed (PFX-31)
    return Decision{Verdict::dane_only, "4b", "an MX host failed, another has usable TLSA records", detail};
  if (hosts.failed >
      0) {  // never an answer by MTA-STS alone, which could override DANE (STS-47, STS-49, DANE-5)
    if (policy_enforces) return temp("4b", "DANE undecided", detail);
    return Decision{Verdict::dane, "4b", "an MX host failed, no host has usable TLSA records", detail};
  }
  if (hosts.usable == 0 && hosts.unusable == 0) return std::nullopt;
  if (hosts.usable == 0) {  // DANE-9, PFX-31: dane means TLS without authentication
    if (policy_enforces) return std::nullopt;
    return Decision{Verdict::dane, "4c", "TLSA records, not one of them usable", {}};
  }
  if (!policy_enforces) return Decision{Verdict::dane, "5", "usable TLSA records for some MX hosts", {}};
  if (zone.settings.partial_dane == PartialDane::sts) return std::nullopt;
  return Decision{Verdict::dane_only, "5", "usable TLSA records for some MX hosts", {}};
}

// A decision by DANE becomes TEMP while it is not known whether Postfix does DANE.
Maybe as_postfix_can(Maybe decision, PostfixDane postfix) noexcept {
  if (!decision || postfix != PostfixDane::unknown || decision->verdict == Verdict::temp) return decision;
  return temp(decision->rule, postfix_unknown, {});
}

// DNSSEC is down. The last proof about the next hop decides.
Maybe by_last_proof(Time now, const DaneView* dane, bool policy_enforces, const ZoneRules& zone) noexcept {
  if (dane != nullptr && proof_counts(*dane, now)) {
    if (dane->mx != MxState::secure) return std::nullopt;
    HostTally hosts = tally_proofs(*dane, now, zone.settings.mx_hosts);
    if (hosts.usable + hosts.unusable + hosts.lost > 0) {
      if (!by_hosts(hosts, {}, policy_enforces, zone)) return std::nullopt;  // the policy would decide anyway
      return temp("3", "DNSSEC validation is down, and the domain had DANE", zone.dnssec_detail);
    }
    if (hosts.failed == 0) return std::nullopt;
  }
  if (zone.dnssec == Dnssec::last_proof_or_sts) return std::nullopt;
  return temp("3", "DNSSEC validation is down", zone.dnssec_detail);
}

// Rule 3: no state in force decides, or DNSSEC is down.
Maybe undecided(Time now, const DaneView* dane, bool policy_enforces, const ZoneRules& zone) noexcept {
  switch (zone.dnssec) {
    case Dnssec::works: break;
    case Dnssec::ignore_dane: return std::nullopt;
    case Dnssec::temp: return temp("3", "DNSSEC validation is down", zone.dnssec_detail);
    case Dnssec::last_proof_or_temp:
    case Dnssec::last_proof_or_sts: return by_last_proof(now, dane, policy_enforces, zone);
  }
  if (dane == nullptr || dane->trouble == MxTrouble::none)
    return temp("3", "DANE undecided", "DNS gave no answer in time");
  return temp("3", "DANE undecided", dane->detail);
}

// Whether a state in force leaves the question open after all: its MX is bogus now; or, while DNSSEC is down,
// a lookup of one of its hosts failed and no other host is known to be usable.
bool left_open(const DaneView& dane, const ZoneRules& zone) noexcept {
  if (zone.dnssec == Dnssec::works) return dane.trouble == MxTrouble::bogus;
  HostTally hosts = tally(dane.hosts, zone.settings.mx_hosts);
  return dane.mx == MxState::secure && hosts.failed > 0 && hosts.usable == 0;
}

// Rules 3 to 5 (STS-47, STS-49).
Maybe by_dane(Time now, const DaneView* dane, bool policy_enforces, const ZoneRules& zone) noexcept {
  bool stated = dane != nullptr && state_in_force(*dane, now);
  if (!stated || left_open(*dane, zone)) return undecided(now, dane, policy_enforces, zone);
  switch (dane->mx) {
    case MxState::null_mx: return Decision{Verdict::not_found, "3", "null MX: the domain takes no mail", {}};
    case MxState::secure: {
      HostTally hosts = tally(dane->hosts, zone.settings.mx_hosts);
      return as_postfix_can(by_hosts(hosts, dane->detail, policy_enforces, zone), zone.postfix_dane);
    }
    case MxState::insecure:
    case MxState::unknown: break;
  }
  return std::nullopt;
}

}  // namespace

std::string_view reason_without_policy(StsState state) noexcept {
  switch (state) {
    case StsState::not_asked: return "no policy known";
    case StsState::current: return "cached policy expired";
    case StsState::no_record: return "no MTA-STS record";
    case StsState::bad_record: return "invalid MTA-STS record";
    case StsState::dns_failed: return "MTA-STS record lookup failed";
    case StsState::fetch_failed: return "policy fetch failed";
    case StsState::pending: return "discovery not done yet";
  }
  return "no policy known";
}

ZoneRules overridden(ZoneRules zone, const Override* over) noexcept {
  if (over == nullptr) return zone;
  switch (over->action) {
    case OverrideAction::ignore_sts: zone.sts = false; break;
    case OverrideAction::ignore_dane: zone.settings.dane = false; break;
    case OverrideAction::enforce: zone.settings.testing_as_enforce = true; break;
    case OverrideAction::no_policy:
    case OverrideAction::answer: break;
  }
  return zone;
}

std::optional<Decision> decide_override(const Override* over) noexcept {
  if (over == nullptr) return std::nullopt;
  if (over->action == OverrideAction::no_policy)
    return Decision{Verdict::not_found, "2", "override: no-policy", over->reason};
  if (over->action == OverrideAction::answer)
    return Decision{Verdict::given, "2", "override: answer", over->reason, nullptr, over->answer};
  return std::nullopt;
}

bool dane_decides_alone(Time now, const DaneView* dane, const ZoneRules& zone) noexcept {
  if (!dane_counts(zone)) return false;
  auto beside_policy = by_dane(now, dane, true, zone), without = by_dane(now, dane, false, zone);
  return beside_policy && without && beside_policy->verdict == without->verdict;
}

Decision decide(const Moment& moment, const RecordView* record, std::optional<StsState> sts, Route route,
                const ZoneRules& rules, const Override* over) noexcept {
  if (auto settled = decide_override(over)) return *settled;
  static constexpr RecordView nothing{};
  if (record == nullptr) record = &nothing;
  ZoneRules zone = overridden(rules, over);
  bool in_force = zone.sts && policy_in_force(*record, moment);
  auto dane = find_dane(*record, route);
  if (dane_counts(zone)) {
    bool may_enforce = (in_force && enforces(record->policy, zone)) || (zone.sts && record->lost);
    auto decision = by_dane(moment.now, dane ? &*dane : nullptr, may_enforce, zone);
    if (decision) return *decision;
  }

  // Rules 6 and 7.
  if (in_force) {
    Decision decision = apply(record->policy, zone);
    if (decision.verdict == Verdict::secure && dane && dane->off_policy)
      decision.detail = no_host_fits;  // Postfix will defer the mail, and 3.10 does not say why
    return decision;
  }
  if (!zone.sts) return {Verdict::not_found, "7", "override: ignore-sts", over_reason(over)};

  // The damaged entry may have been an enforce policy. Only a finding replaces it, never a failure.
  std::string_view detail = sts ? std::string_view() : record->detail;
  if (record->lost) return temp("6", "the cached entry was damaged, and its policy is not known yet", detail);

  // No policy is in force, so the mail goes as without MTA-STS, also after a failure (RFC 8461 §3.3, STS-7,
  // STS-38).
  return {Verdict::not_found, "7", reason_without_policy(sts.value_or(record->state)), detail};
}

}  // namespace mtasts
