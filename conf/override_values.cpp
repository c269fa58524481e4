#include "conf/override_values.hpp"

#include <fmt/format.h>

#include <vector>

#include "conf/problems.hpp"
#include "core/finding.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

// sequence: one UTF-8 sequence. False for C0 and C1 controls, DEL, U+2028, U+2029, U+202A to U+202E, U+2066
// to U+2069.
bool shows_as_itself(std::string_view sequence) noexcept {
  auto octet = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return is_printable(sequence[0]);
  if (sequence.size() == 2) return octet(0) != 0xC2 || octet(1) >= 0xA0;
  if (sequence.size() != 3 || octet(0) != 0xE2) return true;
  bool separator = octet(1) == 0x80 && octet(2) >= 0xA8 && octet(2) <= 0xAE;
  bool isolate = octet(1) == 0x81 && octet(2) >= 0xA6 && octet(2) <= 0xA9;
  return !separator && !isolate;
}

bool shows_as_it_is(std::string_view text) noexcept {
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    if (length == 0 || !shows_as_itself(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

Read<OverrideAction> read_override_action(std::string_view text) {
  if (auto action = enum_words<OverrideAction>.value_of(text)) return *action;
  std::vector<std::string_view> all;
  for (const auto& each : enum_words<OverrideAction>) all.push_back(each.word);
  auto near = nearest(text, all);
  auto remedy = near.empty() ? fmt::format("use one of {}", fmt::join(all, ", "))
                             : fmt::format("did you mean \"{}\"?", near);
  return std::unexpected(fmt::format("\"{}\" is not known; {}", printable(text), remedy));
}

Read<std::string> read_override_reason(std::string_view text) {
  if (trim(text).empty())
    return std::unexpected("is empty; say why the override is there, such as \"ticket 4711\"");
  if (text.size() > max_override_reason)
    return std::unexpected(
        fmt::format("is too long; use at most {} octets, or name a ticket", max_override_reason));
  if (!shows_as_it_is(text))
    return std::unexpected(fmt::format(
        "\"{}\" holds a control character or ends a line; write one line of plain text", printable(text)));
  return std::string(text);
}

Time end_of_day(int year, unsigned month, unsigned day) noexcept {
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  return std::chrono::sys_days(date) + std::chrono::days(1);
}

std::string last_day(Time until) {
  std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(until) - std::chrono::days(1));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

}  // namespace mtasts
