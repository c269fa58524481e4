// policy_life - how long a fetched policy is in force, and how long it stays in the cache.
#pragma once

#include <chrono>

#include "core/moment.hpp"
#include "core/sts_policy.hpp"
#include "core/time.hpp"

namespace mtasts {

// When the policy expires: max_age after the last successful fetch (STS-26). A max_age of 0 lasts for 60 s,
// so that the askers of the flight that fetched it can be answered (docs/adr). A fetch later than
// moment.judged_at() counts as made at that time, so that a wrong clock cannot prolong a policy (STS-33).
Time expires_at(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept;

// Whether the policy is in force: it has not expired or, if the clock is in doubt, had not expired at the
// last certain moment. Call this instead of comparing expires_at() with a time.
bool holds(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept;

// Whether a stored policy must stay in its entry: while it is in force, for 30 days after it expired, and
// while the clock is in doubt. So a clock that was ahead for a while costs no policies.
bool must_stay(const PolicyView& policy, Time fetched_at, const Moment& moment) noexcept;
inline constexpr std::chrono::hours expired_stay{30 * 24};

}  // namespace mtasts
