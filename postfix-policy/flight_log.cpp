#include "postfix-policy/flight_log.hpp"

namespace mtasts {
namespace {

std::string_view what_was_found(const Discovery& found) {
  switch (found.record.last_lookup.state) {
    case StsState::current: return found.fetched ? "policy fetched" : "policy current";
    case StsState::no_record: return "no record";
    case StsState::bad_record: return "bad record";
    case StsState::dns_failed: return "DNS failed";
    case StsState::fetch_failed: return found.fetched ? "fetch failed" : "fetch held back";
    case StsState::not_asked:
    case StsState::pending: break;
  }
  return "pending";
}

void log_not_stored(Log& log, const FlightReport& r) {
  log.event(Log::Level::error, "policy",
            {{"domain", r.domain.str()},
             {"text", "a fetched policy can't be stored; an older one in the cache stays in force"},
             {"detail", r.not_stored->detail}});
}

void log_policy_lookup(Log& log, const FlightReport& r) {
  const Record& record = r.found.record;
  std::string_view mode = record.policy ? words(record.policy->mode) : std::string_view();
  bool bad =
      record.last_lookup.state == StsState::fetch_failed || record.last_lookup.state == StsState::dns_failed;
  bool at_risk = bad && record.policy && record.policy->mode != Mode::none;
  Log::Level level = at_risk ? Log::Level::warning : r.found.fetched ? Log::Level::info : Log::Level::debug;
  log.event(
      level, r.found.fetched ? "fetch" : "look",
      {{"domain", r.domain.str()},
       {"result", what_was_found(r.found)},
       {"reason", record.last_lookup.detail},
       {"id", record.policy ? std::string_view(record.id) : std::string_view(record.last_lookup.failed_id)},
       {"mode", mode},
       {"trigger", r.trigger == Trigger::refresh ? "refresh" : "ask"},
       {"ms", std::int64_t{r.took.count()}}});
  if (!r.found.changed) return;
  log.event(Log::Level::info, "policy",
            {{"domain", r.domain.str()},
             {"id", record.id},
             {"mode", mode},
             {"mx", record.policy->mx},
             {"max_age", std::int64_t{record.policy->max_age}}});
}

// Somebody asked, and the policy was not fetched: the answer is as without a policy, or by the cached one.
void log_no_place(Log& log, const FlightReport& r) {
  log.event(
      Log::Level::warning, "fetch",
      {{"domain", r.domain.str()},
       {"text",
        "not fetched: too many policy hosts are slow at once; the next request for the domain tries again"}});
}

// "mx1.example usable TLSA, mx2.example no TLSA"
std::string hosts_in_words(HostListView hosts) {
  std::string text;
  for (HostLine host : hosts) {
    if (!text.empty()) text += ", ";
    text.append(host.name()).append(" ").append(words(host.state()));
  }
  return text;
}

void log_dane_lookup(Log& log, const FlightReport& r, const DaneState& state) {
  bool notable = state.mx == MxState::secure || state.trouble != MxTrouble::none;
  bool lasts = state.trouble == MxTrouble::none;
  log.event(
      notable ? Log::Level::info : Log::Level::debug, "dane",
      {{"domain", r.domain.str()},
       {"port", std::int64_t{state.route.port}},
       {"mx", lasts ? words(state.mx) : words(state.trouble)},
       {"hosts", lasts ? hosts_in_words(state.hosts) : std::string()},
       {"reason", state.detail},
       {"seconds", std::int64_t{((lasts ? state.valid_until : state.next_try) - state.looked_up_at).count()}},
       {"ms", std::int64_t{r.took.count()}}});
}

void log_shortage(Log& log, const FlightReport& r) {
  log.event(
      Log::Level::error, "look",
      {{"domain", r.domain.str()},
       {"text", "not looked up: this host is short of descriptors, memory, or local addresses or ports"},
       {"detail", r.found.shortage}});
}

}  // namespace

void log_late_refreshes(Log& log, std::chrono::seconds late) {
  log.event(Log::Level::warning, "refresh",
            {{"text", "refreshes are late; the oldest has been due for this many hours"},
             {"hours", std::int64_t{std::chrono::floor<std::chrono::hours>(late).count()}}});
}

void log_flight(Log& log, const FlightReport& r) {
  if (r.not_stored) return log_not_stored(log, r);
  if (!r.found.shortage.empty()) log_shortage(log, r);
  if (r.found.asked) log_policy_lookup(log, r);
  if (r.found.put_off && r.trigger == Trigger::ask) log_no_place(log, r);
  for (const Route& route : r.found.dane)
    for (const DaneState& state : r.found.record.dane)
      if (state.route == route) log_dane_lookup(log, r, state);
}

}  // namespace mtasts
