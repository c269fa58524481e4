#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "cli/commands.hpp"
#include "cli/sheet.hpp"
#include "cli/words.hpp"
#include "service/client/control_client.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

// These read members of the daemon's object. The daemon may be of another version, so any member may be
// missing; the text then says so.
const json::value* member(const json::value* value, std::string_view key) noexcept {
  const auto* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(json::string_view(key.data(), key.size()));
}

std::string text_of(const json::value* value, std::string_view missing = "unknown") {
  const auto* string = value == nullptr ? nullptr : value->if_string();
  return string == nullptr ? std::string(missing) : whole({string->data(), string->size()});
}

std::string number_of(const json::value* value) {
  if (value == nullptr || !value->is_number()) return "?";
  boost::system::error_code error;
  auto number = value->to_number<std::int64_t>(error);
  return error ? "?" : std::to_string(number);
}

bool is(const json::value* value, bool want) noexcept {
  const auto* flag = value == nullptr ? nullptr : value->if_bool();
  return flag != nullptr && *flag == want;
}

std::string size_of(const json::value* value) {
  boost::system::error_code error;
  auto octets = value == nullptr ? 0.0 : value->to_number<double>(error);
  if (value == nullptr || error) return "?";
  if (octets < 1024 * 1024) return fmt::format("{:.0f} KiB", octets / 1024);
  return fmt::format("{:.1f} MiB", octets / (1024 * 1024));
}

void print_configuration(const json::value* status, Sheet& sheet) {
  sheet.line("config", text_of(member(status, "config"), "none: the defaults are in force"));
  const auto* about = member(status, "configuration");
  auto digest = text_of(member(about, "sha256"), "");
  if (digest.empty()) return;
  sheet.line("", fmt::format("loaded {}, sha256 {}", text_of(member(about, "loaded")), digest));
}

std::optional<std::chrono::seconds> seconds_of(const json::value* value) {
  boost::system::error_code error;
  auto seconds = value == nullptr ? 0 : value->to_number<std::int64_t>(error);
  if (value == nullptr || error) return std::nullopt;
  return std::chrono::seconds(seconds);
}

void print_process(const json::value* status, Sheet& sheet) {
  auto uptime = seconds_of(member(status, "uptime"));
  sheet.line("mtastsd", fmt::format("{}, pid {}, up for {}, since {}", text_of(member(status, "version")),
                                    number_of(member(status, "pid")),
                                    span_in_words(uptime.value_or(std::chrono::seconds(0))),
                                    text_of(member(status, "started"))));
  print_configuration(status, sheet);
  const auto* list = member(status, "listeners");
  std::string_view name = "listening";
  if (list != nullptr && list->is_array()) {
    for (const json::value& each : list->get_array()) sheet.line(std::exchange(name, ""), text_of(&each));
  }
  sheet.line("connections", number_of(member(status, "connections")));
}

void print_clock(const json::value* status, Sheet& sheet) {
  const auto* clock = member(status, "clock");
  if (!is(member(clock, "certain"), false)) return;
  sheet.line("clock",
             fmt::format("in doubt: policies are judged by the last certain time, {}",
                         text_of(member(clock, "last_certain"))),
             Colour::warning);
}

void print_dns(const json::value* status, Sheet& sheet) {
  sheet.line("DNS", text_of(member(member(status, "dns"), "way")));
  const auto* dnssec = member(status, "dnssec");
  auto detail = text_of(member(dnssec, "detail"), "");
  if (is(member(dnssec, "works"), false)) {
    auto outage = seconds_of(member(dnssec, "down_for"));
    auto down = outage ? fmt::format("DOWN for {}: ", span_in_words(*outage)) : std::string("DOWN: ");
    sheet.line("DNSSEC", down + detail, Colour::bad);
  } else {
    auto checked = text_of(member(dnssec, "checked"), "");
    sheet.line("DNSSEC", checked.empty() ? "not checked yet" : "works, checked " + checked, Colour::good);
    if (!detail.empty()) sheet.line("", "warning: " + detail, Colour::warning);
  }
}

std::string postfix_words(const json::value* postfix) {
  if (is(member(postfix, "value"), true)) return "does DANE itself";
  if (is(member(postfix, "value"), false)) return "does not do DANE";
  return "not known yet whether it does DANE";
}

void print_postfix(const json::value* status, Sheet& sheet) {
  const auto* postfix = member(status, "postfix_dane");
  auto mode = text_of(member(postfix, "mode")), detail = text_of(member(postfix, "detail"), "");
  bool is_auto = mode == "auto";
  auto why = is_auto ? detail : fmt::format("postfix_dane = \"{}\"", mode);
  bool denied = is_auto && is(member(postfix, "doubtful"), true);
  bool doubtful = denied || (is_auto && !is(member(postfix, "value"), true));
  sheet.line("Postfix", fmt::format("{}{}{}", postfix_words(postfix), why.empty() ? "" : ": ", why),
             doubtful ? Colour::warning : Colour::plain);
  if (denied)
    sheet.line("", "the earlier yes still counts until they have said no for 24 hours", Colour::warning);
  const auto* zones = member(postfix, "zones");
  if (zones == nullptr || !zones->is_object()) return;
  for (const auto& each : zones->get_object())
    sheet.line("", fmt::format("zone {}: {} ({})", whole({each.key().data(), each.key().size()}),
                               postfix_words(&each.value()), text_of(member(&each.value(), "mode"))));
}

// Empty if there are none: any of them means that something is wrong.
std::string unreadable(const json::value* count) {
  auto number = number_of(count);
  return number == "0" || number == "?" ? ""
                                        : fmt::format(", {} for which the cache could not be read", number);
}

void print_work(const json::value* status, Sheet& sheet) {
  const auto* cache = member(status, "cache");
  auto error = text_of(member(cache, "error"), "");
  sheet.line("cache", text_of(member(cache, "path")));
  if (!error.empty()) sheet.line("", error, Colour::bad);
  if (error.empty())
    sheet.line(
        "", fmt::format("{} policies, {} domains without one; {} used", number_of(member(cache, "policies")),
                        number_of(member(cache, "negatives")), size_of(member(cache, "used_bytes"))));
  const auto* flights = member(status, "flights");
  sheet.line("lookups", fmt::format("{} under way, {} waiting", number_of(member(flights, "flying")),
                                    number_of(member(flights, "waiting"))));
  const auto* counters = member(status, "counters");
  sheet.line("questions",
             fmt::format("{}: {} answered from the cache, {} looked up, {} by override, {} without a policy "
                         "domain, {} refused{}",
                         number_of(member(counters, "requests")), number_of(member(counters, "cached")),
                         number_of(member(counters, "missed")), number_of(member(counters, "overridden")),
                         number_of(member(counters, "no_host")), number_of(member(counters, "refused")),
                         unreadable(member(counters, "unreadable"))));
}

const json::array* problems_of(const json::value* status) noexcept {
  const auto* problems = member(status, "problems");
  return problems == nullptr ? nullptr : problems->if_array();
}

void print_problems(const json::value* status, Sheet& sheet) {
  const auto* problems = problems_of(status);
  std::string_view name = "PROBLEM";
  for (std::size_t i = 0; problems != nullptr && i < problems->size(); ++i)
    sheet.line(name, text_of(member(&(*problems)[i], "text")), Colour::bad);
}

// True if DNSSEC or the cache does not work, if Postfix's resolvers do not answer or no longer validate, or
// if the daemon lists a problem.
bool something_is_down(const json::value* status) {
  if (const auto* problems = problems_of(status); problems != nullptr && !problems->empty()) return true;
  const auto* postfix = member(status, "postfix_dane");
  bool asks_postfix = text_of(member(postfix, "mode")) == "auto";
  return is(member(member(status, "dnssec"), "works"), false) ||
         member(member(status, "cache"), "error") != nullptr ||
         (asks_postfix && (is(member(postfix, "answered"), false) || is(member(postfix, "doubtful"), true)));
}

}  // namespace

int status(const std::string& control, const Terminal& terminal) {
  auto answer = ask_daemon(control, ControlVerb::status);
  if (!answer) return terminal.trouble(whole(answer.error().detail));
  json::value object = std::move(*answer);
  if (terminal.json) {
    terminal.print_json(object);
  } else {
    Sheet sheet(terminal, 13);
    print_process(&object, sheet);
    print_clock(&object, sheet);
    print_dns(&object, sheet);
    print_postfix(&object, sheet);
    print_work(&object, sheet);
    print_problems(&object, sheet);
  }
  return something_is_down(&object) ? exit_no : exit_ok;
}

}  // namespace mtasts
