// watched_clock - the real clock: the time of day, watched for jumps (core/clock_belief.hpp).
#pragma once

#include <atomic>
#include <mutex>

#include "core/clock_belief.hpp"
#include "ports/clock.hpp"

namespace mtasts {

// The ID of the machine's current boot; all zero if the system does not tell it.
BootId boot_id();

// The time of day and the time since boot, read together.
ClockReading read_clocks() noexcept;

// Any thread may call all members. moment() takes no lock and makes no system call as long as the clock has
// not jumped since the last check(), whether it is certain or in doubt.
class WatchedClock final : public Clock {
 public:
  WatchedClock();

  // past: what the cache remembers. Until this call the clock counts as certain, and mark() returns nullopt.
  void begin(const ClockPast& past);

  Moment moment() const noexcept override;
  void vouch() const noexcept override;
  void deny() const noexcept override;
  std::optional<ClockMark> mark() const noexcept override;

  ClockBelief check() const noexcept override;

 private:
  using Change = ClockBelief (*)(ClockBelief, const ClockReading&) noexcept;
  ClockBelief change(Change how) const noexcept;
  void publish(const ClockReading& now) const noexcept;
  Moment moment_after_jump() const noexcept;
  Moment moment_in_doubt() const noexcept;

  BootId boot_;
  mutable std::mutex mutex_;  // belief_, begun_
  mutable ClockBelief belief_;
  bool begun_ = false;
  // What moment() reads without the lock. Seconds.
  mutable std::atomic<std::int64_t> steady_offset_;  // time of day minus CLOCK_MONOTONIC, at the last check
  mutable std::atomic<ClockDoubt> doubt_ = ClockDoubt::none;
  mutable std::atomic<std::int64_t> believed_offset_{};  // ClockBelief::offset
  mutable std::atomic<std::int64_t> last_certain_{};     // ClockBelief::last_certain
};

}  // namespace mtasts
