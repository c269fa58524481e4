// clock_belief - can the time of day be trusted? Pure: readings come in, a belief comes out.
//
// The time of day may be wrong at start (no battery, a bad hypervisor) or jump while mtastsd runs. The time
// since boot does not jump. Comparing the two shows a jump; what the cache remembers shows a clock that is
// behind; the signatures over the root's keys show one that is ahead.
//
// The clock is certain or in doubt. Doubt begins
//   - when the time of day moves against the time since boot by more than max_step in a settle_time,
//   - at start, when the newest fetch or the last certain moment lies in the future,
//   - at start, when the last certain moment is more than max_absence ago and the machine has been restarted
//     since: the host may have been off that long, or its clock may be ahead,
//   - when the root's keys come with signatures that are expired or not yet valid (deny()).
// It ends when a policy host's certificate or the root's keys were valid at the time of day (vouch()) and the
// clock has not jumped for settle_time.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/moment.hpp"

namespace mtasts {

struct ClockReading {
  Time wall;                      // the time of day
  std::chrono::seconds boottime;  // since boot, including suspend
};

using BootId = std::array<std::uint8_t, 16>;  // differs after each boot; all zero: not known

// The last certain moment, as the cache keeps it (docs/CACHE_FORMAT.md).
struct ClockMark {
  Time last_certain{};
  std::chrono::seconds boottime{};  // since boot, at that moment
  BootId boot{};                    // the boot that the mark was written in
  friend bool operator==(const ClockMark&, const ClockMark&) = default;
};

// What the cache knows about earlier times when mtastsd starts. Time{}: nothing.
struct ClockPast {
  Time newest_fetch{};
  ClockMark mark{};
};

enum class ClockDoubt : std::uint8_t {
  none,
  jumped,            // against the time since boot
  behind_fetch,      // the newest fetch lies in the future
  behind_mark,       // the last certain moment lies in the future
  long_absence,      // nothing is known about the time since the last certain moment
  keys_out_of_date,  // the signatures over the root's keys are expired or not yet valid
};

struct ClockBelief {
  std::chrono::seconds offset{};       // believed time of day = time since boot + offset
  std::chrono::seconds wall_offset{};  // the clock's own offset when it was last read
  ClockDoubt doubt = ClockDoubt::none;
  Time last_certain{};          // only while in doubt
  std::chrono::seconds jump{};  // ClockDoubt::jumped: how far; negative: back
  // Time since boot at the last jump or denial; while certain, at the last change of offset.
  std::chrono::seconds settled_from{};
  bool vouched = false;  // vouch() was called since then
};

inline constexpr std::chrono::seconds max_step{60};
inline constexpr std::chrono::hours max_absence{24};
inline constexpr std::chrono::minutes settle_time{10};

// The belief at start. boot: the ID of the machine's current boot.
ClockBelief first_belief(const ClockReading& now, const BootId& boot, const ClockPast& past) noexcept;

// The belief after another reading. The clock may drift, or be stepped, by up to max_step in each settle_time
// without causing doubt.
ClockBelief observe(ClockBelief belief, const ClockReading& now) noexcept;

// A certificate or the root's keys have just been found valid at the time of day.
ClockBelief vouch(ClockBelief belief, const ClockReading& now) noexcept;

// The root's keys, asked twice, came with signatures that the time of day makes expired or not yet valid. An
// attacker who replays old answers only causes doubt, which keeps policies in force.
ClockBelief deny(ClockBelief belief, const ClockReading& now) noexcept;

// Why the clock is in doubt and what to do, for the log and for people; "" while it is certain.
std::string words(const ClockBelief& belief);

// The moment that readers of the clock are given. REQUIRES: now is not older than the belief.
Moment moment_of(const ClockBelief& belief, const ClockReading& now) noexcept;

}  // namespace mtasts
