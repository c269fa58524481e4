// policy_life - how long a fetched policy is in force, and how long it stays in the cache.
#pragma once

#include <chrono>

#include "core/moment.hpp"
#include "core/sts_policy.hpp"
#include "core/time.hpp"

namespace mtasts {

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

}  // namespace mtasts
