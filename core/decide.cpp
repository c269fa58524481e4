#include "core/decide.hpp"

#include <algorithm>

namespace mtasts {

namespace {

constexpr std::chrono::seconds least_age{60};  // of a policy with max_age 0

std::string_view reason_without_policy(bool had_policy, StsState state) noexcept {
  switch (state) {
    case StsState::not_asked: return had_policy ? "cached policy expired" : "no policy known";
    case StsState::no_record: return "no MTA-STS record";
    case StsState::bad_record: return "invalid MTA-STS record";
    case StsState::dns_failed: return "MTA-STS record lookup failed";
    case StsState::fetch_failed: return "policy fetch failed";
    case StsState::pending: return "discovery not done yet";
  }
  return "no policy known";
}

// A policy that no host can satisfy makes mail wait: it was meant to protect, and its owner can mend it.
Decision enforce(const CachedPolicy& cached, std::string_view reason) noexcept {
  if (!can_match(cached.policy.mx))
    return {Verdict::temp, "no mx of the MTA-STS policy can match a host", {}, nullptr};
  return {Verdict::secure, reason, {}, &cached};
}

// Rules 6 and 7 for an unexpired policy: whatever DNS and HTTPS say now, it holds (RFC 8461 §3.3, STS-30,
// STS-31).
Decision apply(const CachedPolicy& cached, const ZoneRules& zone) noexcept {
  switch (cached.policy.mode) {
    case Mode::enforce: return enforce(cached, "enforce policy");
    case Mode::testing:
      if (zone.testing_as_enforce) return enforce(cached, "testing policy taken as enforce");
      return {Verdict::not_found, "testing policy", {}, nullptr};  // STS-41, ANS-4
    case Mode::none: return {Verdict::not_found, "policy with mode none", {}, nullptr};
  }
  return {Verdict::not_found, "policy with mode none", {}, nullptr};
}

}  // namespace

Time expires_at(const PolicyView& policy, Time fetched_at, Time now) noexcept {
  Time from = std::min(fetched_at, now);
  std::chrono::seconds age = policy.max_age == 0 ? least_age : std::chrono::seconds(policy.max_age);
  if (from > Time::max() - age) return Time::max();
  return from + age;
}

std::string_view words(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::not_found: return "none";
    case Verdict::secure: return "secure";
    case Verdict::dane: return "dane";
    case Verdict::dane_only: return "dane-only";
    case Verdict::temp: return "temp";
  }
  return "temp";
}

Decision decide(Time now, const CachedPolicy* cached, const StsFindings& sts,
                const ZoneRules& zone) noexcept {
  // Rules 3 to 5 of DANE stand here, before any policy is looked at: MTA-STS must not override DANE (STS-47,
  // STS-49).

  // Rules 6 and 7.
  bool in_force = cached != nullptr && now < expires_at(cached->policy, cached->fetched_at, now);
  if (in_force) return apply(*cached, zone);

  // Nothing is in force, so the mail goes as without MTA-STS, also after a failure (RFC 8461 §3.3, STS-7,
  // STS-38).
  return {Verdict::not_found, reason_without_policy(cached != nullptr, sts.state), sts.detail, nullptr};
}

}  // namespace mtasts
