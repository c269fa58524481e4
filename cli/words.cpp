#include "cli/words.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "cli/terminal.hpp"
#include "conf/override_values.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::chrono::seconds length,
      from;  // the unit is used for spans of at least `from`, so that 90 minutes is not shown as "1 hour"
  std::string_view name;
};
constexpr std::array<Unit, 4> units{
    {{24h, 48h, "day"}, {1h, 2h, "hour"}, {1min, 2min, "minute"}, {1s, 0s, "second"}}};

std::string_view hosts_code(HostListView hosts) noexcept {
  HostTally count = tally(hosts, max_mx_hosts);
  if (count.failed > 0) return "failed";
  bool others = count.unusable + count.none + count.insecure > 0;
  if (count.usable > 0) return others ? "partial" : "usable";
  return count.unusable > 0 ? "unusable" : "none";
}

}  // namespace

std::string span_in_words(std::chrono::seconds span) {
  for (const Unit& unit : units) {
    if (span < unit.from) continue;
    auto count = span / unit.length;
    return fmt::format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
  }
  return "0 seconds";
}

std::string from_now(Time time, Time now) {
  if (time == now) return "now";
  return time > now ? "in " + span_in_words(time - now) : span_in_words(now - time) + " ago";
}

std::string when(Time time, Time now) {
  if (time == Time{}) return "never";
  std::string text = utc_text(time);
  text[text.find('T')] = ' ';
  text.pop_back();
  return fmt::format("{} UTC, {}", text, from_now(time, now));
}

std::string local_time(Time time) {
  std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  char text[40];
  if (localtime_r(&seconds, &parts) == nullptr) return utc_text(time);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts)};
}

std::string_view state_code(StsState state) noexcept {
  switch (state) {
    case StsState::not_asked: return "not-asked";
    case StsState::current: return "current";
    case StsState::no_record: return "no-record";
    case StsState::bad_record: return "bad-record";
    case StsState::dns_failed: return "dns-failed";
    case StsState::fetch_failed: return "fetch-failed";
    case StsState::pending: return "pending";
  }
  return "unknown";
}

std::string_view state_in_words(StsState state) noexcept {
  switch (state) {
    case StsState::not_asked: return "nothing is known about the MTA-STS record";
    case StsState::current: return "the policy is current";
    case StsState::no_record: return "no MTA-STS record";
    case StsState::bad_record: return "the MTA-STS record is invalid";
    case StsState::dns_failed: return "the DNS lookup of the MTA-STS record failed";
    case StsState::fetch_failed: return "the policy could not be fetched";
    case StsState::pending: return "not finished";
  }
  return "unknown";
}

std::string_view dane_code(const std::optional<DaneView>& dane, Time now) noexcept {
  if (!dane) return "";
  if (dane->trouble == MxTrouble::bogus) return "bogus";
  if (!state_in_force(*dane, now)) return dane->trouble == MxTrouble::failed ? "failed" : "expired";
  switch (dane->mx) {
    case MxState::secure: return hosts_code(dane->hosts);
    case MxState::insecure: return "insecure";
    case MxState::null_mx: return "null-mx";
    case MxState::unknown: break;
  }
  return "expired";
}

std::string override_in_words(const Override& over) {
  auto end = over.until == Time::max() ? "" : ", until " + last_day(over.until);
  return fmt::format("{}{}: {}", words(over.action), end, whole(over.reason));
}

}  // namespace mtasts
