// moment - the time of day, together with whether it can be trusted.
//
// A wrong clock must neither end nor prolong a policy. So whoever asks "is this policy in force?" passes a
// Moment, not a bare Time. core/clock_belief.hpp decides when the clock is in doubt.
#pragma once

#include "core/time.hpp"

namespace mtasts {

struct ClockState {
  bool certain = true;
  Time last_certain{};  // only while in doubt: the last moment at which the clock could be trusted
};

struct Moment {
  // While the clock is certain: the time of day. While it is in doubt: the last certain moment plus the time
  // that has passed since by CLOCK_BOOTTIME, whatever the time of day claims.
  Time now{};
  ClockState clock{};

  // The time by which policies are judged: while the clock is in doubt, a policy is in force if it was in
  // force at the last certain moment.
  constexpr Time judged_at() const noexcept { return clock.certain ? now : clock.last_certain; }
};

constexpr Moment certain(Time now) noexcept { return {now, {}}; }
constexpr Moment in_doubt(Time now, Time last_certain) noexcept { return {now, {false, last_certain}}; }

}  // namespace mtasts
