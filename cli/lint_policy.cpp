#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>

#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "core/sts_policy.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

// The number of seconds, at most the limit of RFC 8461 §3.2; nullopt if the text is not 1 to 10 digits
// (STS-22).
std::optional<std::uint64_t> seconds_of(std::string_view text) noexcept {
  if (text.empty() || text.size() > 10 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::min<std::uint64_t>(value, max_policy_age);
}

boost::json::value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return to_json(text);
}

void print_json(const PolicyLint& lint, bool valid, const Terminal& terminal) {
  boost::json::object object{{"verdict", valid ? "valid" : "invalid"},
                             {"version", text_or_null(lint.version)},
                             {"mode", text_or_null(lint.mode)},
                             {"max_age", nullptr}};
  if (auto seconds = seconds_of(lint.max_age)) object["max_age"] = *seconds;
  boost::json::array mx;
  for (const auto& each : lint.mx) mx.push_back(to_json(each));
  object["mx"] = std::move(mx);
  object["findings"] = to_json(lint.findings);
  terminal.print_json(object);
}

void print_text(const PolicyLint& lint, bool valid, const Terminal& terminal) {
  auto field = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) terminal.print(fmt::format("{:<9}{}", name, text));
  };
  field("verdict", terminal.paint(valid ? Colour::good : Colour::bad, valid ? "valid" : "invalid"));
  field("version", whole(lint.version));
  field("mode", whole(lint.mode));
  auto seconds = seconds_of(lint.max_age);
  field("max_age", seconds ? fmt::format("{} ({})", *seconds, span_in_words(std::chrono::seconds(*seconds)))
                           : whole(lint.max_age));
  for (const auto& each : lint.mx) field("mx", whole(each));
  print_findings(terminal, lint.findings);
}

}  // namespace

int lint_policy_text(std::string_view body, const HttpAnswerFacts& http, const Terminal& terminal) {
  PolicyLint lint = lint_policy(body);
  // If only one of the two options is given, the other one counts as correct.
  if (http.status || http.content_type) {
    auto findings = lint_http(http.status.value_or(200), http.content_type.value_or("text/plain"));
    lint.findings.insert(lint.findings.begin(), findings.begin(), findings.end());
  }
  bool valid =
      std::ranges::none_of(lint.findings, [](const Finding& f) { return f.severity == Severity::error; }) &&
      lint.policy.has_value();
  if (terminal.json)
    print_json(lint, valid, terminal);
  else
    print_text(lint, valid, terminal);
  return valid ? exit_ok : exit_no;
}

}  // namespace mtasts
