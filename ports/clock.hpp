// ports/clock - the time of day and whether it can be trusted (core/moment.hpp). main() makes the real one;
// tests set theirs by hand.
#pragma once

#include <optional>

#include "core/clock_belief.hpp"

namespace mtasts {

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread. No lock and no system call while the clock is certain.
  virtual Moment moment() const noexcept = 0;
  Time now() const noexcept { return moment().now; }

  // A certificate was found valid at the time of day. Any thread, any number of times.
  virtual void vouch() const noexcept {}

  // The root's keys, asked twice, came with signatures that the time of day makes expired or not yet valid.
  virtual void deny() const noexcept {}

  // Checks whether the clock has jumped, and whether a doubt is over. One thread must call this about once a
  // second.
  virtual ClockBelief check() const noexcept { return {}; }

  // What the cache should remember about this moment; nullopt while the clock is in doubt.
  virtual std::optional<ClockMark> mark() const noexcept { return std::nullopt; }
};

}  // namespace mtasts
