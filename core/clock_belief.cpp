#include "core/clock_belief.hpp"

#include <algorithm>

#include "core/time_text.hpp"

namespace mtasts {
namespace {

using std::chrono::seconds;

seconds offset_of(const ClockReading& now) noexcept { return now.wall.time_since_epoch() - now.boottime; }

Time believed(const ClockBelief& belief, const ClockReading& now) noexcept {
  return Time(now.boottime + belief.offset);
}

ClockBelief begin_doubt(ClockBelief belief, ClockDoubt why, Time last_certain, seconds boottime) noexcept {
  belief.doubt = why;
  belief.last_certain = last_certain;
  belief.offset = std::max(belief.offset, last_certain.time_since_epoch() - boottime);
  belief.settled_from = boottime;
  belief.vouched = false;
  return belief;
}

// The machine has not been restarted since the mark, so the time since boot tells what the time of day must
// be.
ClockBelief same_boot(ClockBelief belief, const ClockReading& now, const ClockMark& mark) noexcept {
  seconds then = mark.last_certain.time_since_epoch() - mark.boottime;
  seconds jump = belief.wall_offset - then;
  if (std::chrono::abs(jump) <= max_step) return belief;
  belief.offset = then;
  belief.jump = jump;
  return begin_doubt(belief, ClockDoubt::jumped, mark.last_certain, now.boottime);
}

ClockBelief end_if_settled(ClockBelief belief, const ClockReading& now) noexcept {
  if (belief.doubt == ClockDoubt::none || !belief.vouched || now.boottime - belief.settled_from < settle_time)
    return belief;
  ClockBelief sure;
  sure.offset = sure.wall_offset = offset_of(now);
  sure.settled_from = now.boottime;
  return sure;
}

}  // namespace

ClockBelief first_belief(const ClockReading& now, const BootId& boot, const ClockPast& past) noexcept {
  ClockBelief belief;
  belief.offset = belief.wall_offset = offset_of(now);
  belief.settled_from = now.boottime;
  const ClockMark& mark = past.mark;
  bool known = mark.last_certain != Time{};
  if (known && boot != BootId{} && boot == mark.boot && now.boottime >= mark.boottime)
    return same_boot(belief, now, mark);
  Time last = std::max(mark.last_certain, known ? Time{} : past.newest_fetch);
  auto doubt = [&](ClockDoubt why, Time last_certain) {
    belief.offset = last_certain.time_since_epoch() - now.boottime;
    return begin_doubt(belief, why, last_certain, now.boottime);
  };
  if (known && mark.last_certain > now.wall + max_step) return doubt(ClockDoubt::behind_mark, last);
  if (past.newest_fetch > now.wall + max_step)
    return doubt(ClockDoubt::behind_fetch, std::max(last, past.newest_fetch));
  if (last != Time{} && now.wall - last > max_absence) return doubt(ClockDoubt::long_absence, last);
  return belief;
}

ClockBelief observe(ClockBelief belief, const ClockReading& now) noexcept {
  seconds offset = offset_of(now), moved = offset - belief.wall_offset;
  belief.wall_offset = offset;
  if (belief.doubt == ClockDoubt::none) {
    seconds jump = offset - belief.offset;
    if (std::chrono::abs(jump) <= max_step) {
      if (now.boottime - belief.settled_from >= settle_time) {
        belief.offset = offset;
        belief.settled_from = now.boottime;
      }
      return belief;
    }
    belief.jump = jump;
    return begin_doubt(belief, ClockDoubt::jumped, believed(belief, now), now.boottime);
  }
  if (std::chrono::abs(moved) > max_step) {
    belief.jump = offset - belief.offset;
    belief.settled_from = now.boottime;
    belief.vouched = false;
  }
  return end_if_settled(belief, now);
}

ClockBelief vouch(ClockBelief belief, const ClockReading& now) noexcept {
  belief = observe(belief, now);
  belief.vouched = true;
  return end_if_settled(belief, now);
}

ClockBelief deny(ClockBelief belief, const ClockReading& now) noexcept {
  belief = observe(belief, now);
  if (belief.doubt == ClockDoubt::none)
    return begin_doubt(belief, ClockDoubt::keys_out_of_date, believed(belief, now), now.boottime);
  belief.settled_from = now.boottime;
  belief.vouched = false;
  return belief;
}

std::string words(const ClockBelief& belief) {
  std::string last = utc_text(belief.last_certain) + " (UTC)";
  std::string why;
  switch (belief.doubt) {
    case ClockDoubt::none: return {};
    case ClockDoubt::jumped:
      why = std::chrono::abs(belief.jump) > max_step
                ? "the clock jumped by " + std::to_string(belief.jump.count()) + " s"
                : "the clock jumped and came back";
      break;
    case ClockDoubt::behind_fetch: why = "the clock is behind the newest policy fetch of " + last; break;
    case ClockDoubt::behind_mark: why = "the clock is behind its last certain time, " + last; break;
    case ClockDoubt::long_absence: why = "the host was off, or mtastsd did not run, since " + last; break;
    case ClockDoubt::keys_out_of_date:
      why = "by this clock the signatures over the root's keys are expired or not yet valid";
      break;
  }
  return why + "; policies that were in force at " + last +
         " stay in force until a certificate or the root's keys confirm the time; is NTP running "
         "(timedatectl)?";
}

Moment moment_of(const ClockBelief& belief, const ClockReading& now) noexcept {
  if (belief.doubt == ClockDoubt::none) return certain(now.wall);
  Time time = std::max(believed(belief, now), belief.last_certain);
  // The clock is probably right. States that DNS gave before the absence must not seem fresh.
  if (belief.doubt == ClockDoubt::long_absence) time = std::max(time, now.wall);
  return in_doubt(time, belief.last_certain);
}

}  // namespace mtasts
