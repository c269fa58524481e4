#include "lookup/freshness.hpp"
#include "core/policy_life.hpp"

#include <algorithm>

namespace mtasts {
namespace {

bool in_last_quarter(Time from, Time to, Time now) noexcept { return now >= to - (to - from) / 4; }

// A recheck is pointless while the fetch of the announced id is held back (STS-14) and DNS was asked just
// now.
bool due_for_recheck(const RecordView& r, const Moment& moment) noexcept {
  Time now = moment.now;
  if (now >= r.next_check) return true;
  if (now < r.looked_up_at - std::chrono::hours(1))
    return true;  // the clock was set back, so the times mean nothing (STS-33)
  return !is_held_back(r.retry_fetch, now) &&
         in_last_quarter(r.fetched_at, expires_at(r.policy, r.fetched_at, moment), now);
}

}  // namespace

std::chrono::seconds backoff(std::chrono::seconds first, std::chrono::seconds last,
                             unsigned failures) noexcept {
  return std::min(last, first * (1 << (std::clamp(failures, 1u, 11u) - 1)));
}

bool is_held_back(Time retry_fetch, Time now) noexcept {
  return now < retry_fetch && retry_fetch - now <= max_fetch_backoff;
}

Freshness sts_freshness(const RecordView& record, const Moment& moment) noexcept {
  Time now = moment.now;
  if (policy_in_force(record, moment)) {
    return due_for_recheck(record, moment) ? Freshness::answer_and_recheck : Freshness::answer;
  }
  bool asked = record.state != StsState::not_asked && record.state != StsState::current;
  bool settled = asked && now < record.next_check && now >= record.looked_up_at;
  if (!settled) return Freshness::wait;
  return in_last_quarter(record.looked_up_at, record.next_check, now) ? Freshness::answer_and_recheck
                                                                      : Freshness::answer;
}

Freshness dane_freshness(const std::optional<DaneView>& dane, Time now) noexcept {
  if (!dane) return Freshness::wait;
  bool stated = state_in_force(*dane, now);
  if (dane->trouble != MxTrouble::none) {
    if (now < dane->next_try && dane->next_try - now <= max_dns_backoff) return Freshness::answer;
    bool state_decides = stated && dane->trouble == MxTrouble::failed;
    return state_decides ? Freshness::answer_and_recheck : Freshness::wait;
  }
  if (!stated) return Freshness::wait;
  bool held_back = now < dane->next_try && dane->next_try - now <= max_dns_backoff;
  bool due = dane->next_try != Time{} || in_last_quarter(dane->looked_up_at, dane->valid_until, now);
  return due && !held_back ? Freshness::answer_and_recheck : Freshness::answer;
}

bool wants_newer_id(const RecordView& record, const std::optional<DaneView>& dane,
                    const Moment& moment) noexcept {
  Time now = moment.now;
  if (!dane || !dane->off_policy || !policy_in_force(record, moment)) return false;
  bool looked_up_lately = now >= record.looked_up_at && now - record.looked_up_at < newer_id_interval;
  return record.policy.mode == Mode::enforce && !looked_up_lately;
}

Freshness freshness_with(const RecordView& record, const Moment& moment,
                         const std::optional<DaneView>& dane) noexcept {
  if (wants_newer_id(record, dane, moment)) return Freshness::wait;
  return std::max(sts_freshness(record, moment), dane_freshness(dane, moment.now));
}

Freshness freshness(const RecordView& record, const Moment& moment, std::optional<Route> route) noexcept {
  if (!route) return sts_freshness(record, moment);
  return freshness_with(record, moment, find_dane(record, *route));
}

}  // namespace mtasts
