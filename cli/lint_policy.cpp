#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <iterator>

#include "cli/commands.hpp"
#include "cli/live_hosts.hpp"
#include "cli/words.hpp"
#include "core/sts_policy.hpp"
#include "core/text.hpp"
#include "diagnose/judge_policy.hpp"

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

// What the live MX hosts of a domain showed.
struct Compared {
  std::string domain;
  std::vector<HostVerdict> hosts{};
};

bool has_error(const Findings& findings) {
  return std::ranges::find(findings, Severity::error, &Finding::severity) != findings.end();
}

// compared: nullptr without --domain.
void print_json(const PolicyLint& lint, bool valid, const Compared* compared, const Terminal& terminal) {
  boost::json::object object{{"verdict", valid ? "valid" : "invalid"},
                             {"version", text_or_null(lint.version)},
                             {"mode", text_or_null(lint.mode)},
                             {"max_age", nullptr}};
  if (auto seconds = seconds_of(lint.max_age)) object["max_age"] = *seconds;
  boost::json::array mx;
  for (const auto& each : lint.mx) mx.push_back(to_json(each));
  object["mx"] = std::move(mx);
  object["findings"] = to_json(lint.findings);
  if (compared != nullptr) {
    object["domain"] = to_json(compared->domain);
    object["hosts"] = to_json(compared->hosts);
  }
  terminal.print_json(object);
}

void print_text(const PolicyLint& lint, bool valid, const Compared* compared, const Terminal& terminal) {
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
  if (compared != nullptr) {
    field("domain", compared->domain);
    for (const auto& each : compared->hosts)
      terminal.print(wrapped(fmt::format("{:<9}{} {}", "host", whole(each.host), verdict_words(each)), 9));
  }
  print_findings(terminal, lint.findings);
}

void print(const PolicyLint& lint, bool valid, const Compared* compared, const Terminal& terminal) {
  if (terminal.json)
    print_json(lint, valid, compared, terminal);
  else
    print_text(lint, valid, compared, terminal);
}

// Adds what is wrong with the HTTP answer. If only one of the two options is given, the other one counts as
// correct.
void add_http(PolicyLint& lint, const HttpAnswerFacts& http) {
  if (!http.status && !http.content_type) return;
  auto findings = lint_http(http.status.value_or(200), http.content_type.value_or("text/plain"));
  lint.findings.insert(lint.findings.begin(), findings.begin(), findings.end());
}

bool is_valid(const PolicyLint& lint) { return lint.policy.has_value() && !has_error(lint.findings); }

// What could not be learned, and what to do about it; empty: all is known.
std::string unknown_words(const LiveHosts& live, const Compared& compared) {
  if (!live.mx.failure.empty() && live.mx.local)
    return fmt::format("the MX records could not be looked up: {}; try again when DNS answers",
                       whole(live.mx.failure));
  std::string why = joined_reasons(compared.hosts, std::nullopt);
  if (why.empty()) return why;
  return fmt::format(
      "whether all MX hosts pass is not known: {}; port 25 may be blocked where you are, so run this where "
      "it is open",
      why);
}

}  // namespace

int lint_policy_text(std::string_view body, const HttpAnswerFacts& http, const Terminal& terminal) {
  PolicyLint lint = lint_policy(body);
  add_http(lint, http);
  print(lint, is_valid(lint), nullptr, terminal);
  return is_valid(lint) ? exit_ok : exit_no;
}

int lint_policy_of(const DomainArgument& domain, std::string_view body, const HttpAnswerFacts& http,
                   const std::function<Result<LiveHosts>()>& look, const Terminal& terminal) {
  Compared compared{domain.domain};
  PolicyLint lint = lint_policy(body);
  lint.findings = judge_policy({.domain = domain.domain, .body = std::string(body)}).findings;
  add_http(lint, http);
  bool valid = is_valid(lint);
  if (!lint.policy) {
    print(lint, valid, &compared, terminal);
    return exit_no;
  }
  auto live = look();
  if (!live) return terminal.trouble(whole(live.error().detail));
  auto judgement = judge_candidate(*live, {lint.policy->mode, lint.policy->mx});
  compared.hosts = std::move(judgement.hosts);
  std::ranges::move(judgement.findings, std::back_inserter(lint.findings));
  print(lint, valid, &compared, terminal);
  if (has_error(lint.findings)) return exit_no;
  std::string unknown = unknown_words(*live, compared);
  return unknown.empty() ? int{exit_ok} : terminal.trouble(unknown);
}

}  // namespace mtasts
