#include "sys/watched_clock.hpp"

#include <time.h>

#include <cstdlib>
#include <string>

#include "core/text.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

std::int64_t seconds_of(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec;
}

// The coarse clocks are some milliseconds old at most, and cheaper to read.
std::int64_t wall_seconds() noexcept { return seconds_of(CLOCK_REALTIME_COARSE); }
std::int64_t steady_seconds() noexcept { return seconds_of(CLOCK_MONOTONIC_COARSE); }

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

BootId boot_id() {
  BootId id{};
  std::size_t digits = 0;
  for (char c : text_of_file("/proc/sys/kernel/random/boot_id")) {
    int value = hex_value(c);
    if (value < 0) continue;
    if (digits == 2 * id.size()) return {};
    auto& octet = id[digits++ / 2];
    octet = static_cast<std::uint8_t>(octet << 4 | value);
  }
  return digits == 2 * id.size() ? id : BootId{};
}

ClockReading read_clocks() noexcept {
  return {Time(std::chrono::seconds(wall_seconds())), std::chrono::seconds(seconds_of(CLOCK_BOOTTIME))};
}

WatchedClock::WatchedClock() : boot_(boot_id()) {
  ClockReading now = read_clocks();
  belief_ = first_belief(now, boot_, {});
  publish(now);
}

void WatchedClock::begin(const ClockPast& past) {
  std::scoped_lock hold(mutex_);
  ClockReading now = read_clocks();
  belief_ = first_belief(now, boot_, past);
  begun_ = true;
  publish(now);
}

// CLOCK_MONOTONIC stands still while the machine is suspended, so a difference here is only a hint.
Moment WatchedClock::moment() const noexcept {
  std::int64_t wall = wall_seconds();
  std::int64_t moved = wall - steady_seconds() - steady_offset_.load(std::memory_order_acquire);
  if (std::abs(moved) > max_step.count()) return moment_after_jump();
  if (doubt_.load(std::memory_order_acquire) != ClockDoubt::none) return moment_in_doubt();
  return certain(Time(std::chrono::seconds(wall)));
}

// If the belief changes in the middle of this, two of its states get mixed; policies are in force in both.
Moment WatchedClock::moment_in_doubt() const noexcept {
  ClockBelief belief;
  belief.doubt = doubt_.load(std::memory_order_acquire);
  belief.offset = std::chrono::seconds(believed_offset_.load(std::memory_order_relaxed));
  belief.last_certain = Time(std::chrono::seconds(last_certain_.load(std::memory_order_relaxed)));
  return moment_of(belief, read_clocks());
}

Moment WatchedClock::moment_after_jump() const noexcept {
  std::scoped_lock hold(mutex_);
  ClockReading now = read_clocks();
  belief_ = observe(belief_, now);
  publish(now);
  return moment_of(belief_, now);
}

// REQUIRES: mutex_ is held, or nobody else knows this object yet.
void WatchedClock::publish(const ClockReading& now) const noexcept {
  // In this order, and read in the other: a reader that sees the offset of a clock that has jumped also sees
  // the doubt, and one that sees the doubt also sees the last certain moment.
  if (belief_.doubt != ClockDoubt::none) {
    believed_offset_.store(belief_.offset.count(), std::memory_order_relaxed);
    last_certain_.store(belief_.last_certain.time_since_epoch().count(), std::memory_order_relaxed);
  }
  doubt_.store(belief_.doubt, std::memory_order_release);
  steady_offset_.store(now.wall.time_since_epoch().count() - steady_seconds(), std::memory_order_release);
}

ClockBelief WatchedClock::change(Change how) const noexcept {
  std::scoped_lock hold(mutex_);
  ClockReading now = read_clocks();
  belief_ = how(belief_, now);
  publish(now);
  return belief_;
}

void WatchedClock::vouch() const noexcept { change(mtasts::vouch); }
void WatchedClock::deny() const noexcept { change(mtasts::deny); }
ClockBelief WatchedClock::check() const noexcept { return change(observe); }

std::optional<ClockMark> WatchedClock::mark() const noexcept {
  std::scoped_lock hold(mutex_);
  ClockReading now = read_clocks();
  belief_ = observe(belief_, now);
  publish(now);
  if (!begun_ || belief_.doubt != ClockDoubt::none) return std::nullopt;
  return ClockMark{now.wall, now.boottime, boot_};
}

}  // namespace mtasts
