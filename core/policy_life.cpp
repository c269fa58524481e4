#include "core/policy_life.hpp"

#include <algorithm>

namespace mtasts {

static constexpr std::chrono::seconds least_age{60};  // how long a policy with max_age 0 lasts

Time expires_at(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept {
  Time from = std::min(fetched_at, moment.judged_at());
  std::chrono::seconds age = policy.max_age == 0 ? least_age : std::chrono::seconds(policy.max_age);
  if (from > Time::max() - age) return Time::max();
  return from + age;
}

bool holds(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept {
  return moment.judged_at() < expires_at(policy, fetched_at, moment);
}

bool must_stay(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept {
  if (!moment.clock.certain || holds(policy, fetched_at, moment)) return true;
  return moment.now - expires_at(policy, fetched_at, moment) < expired_stay;
}

}  // namespace mtasts
