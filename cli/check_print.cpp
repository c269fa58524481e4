#include "cli/check_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "core/catalogue.hpp"

namespace mtasts {

namespace json = boost::json;

namespace {

Colour colour_of(Overall overall) noexcept {
  switch (overall) {
    case Overall::ok: return Colour::good;
    case Overall::warning: return Colour::warning;
    case Overall::error: return Colour::bad;
    case Overall::unknown: return Colour::warning;
  }
  return Colour::plain;
}

std::string_view in_words(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::delivered_verified: return "mail is delivered over verified TLS";
    case Outcome::delivered_unverified: return "mail is delivered, but TLS is not verified";
    case Outcome::deferred: return "mail is deferred";
    case Outcome::bounced: return "mail is returned to its sender";
    case Outcome::unknown: return "what happens to mail is not known";
  }
  return {};
}

// The error that tells best why mail has this outcome. nullptr: there is none.
const Finding* cause_of(const CheckReport& report) {
  const Finding* cause = nullptr;
  for (const Finding& each : report.findings) {
    bool sums_up = each.code == "mx-in-policy-fails-tls" || each.code == "mail-not-delivered";
    if (each.severity != Severity::error || sums_up) continue;
    if (each.where.host == report.prediction->host && !each.where.host.empty()) return &each;
    if (cause == nullptr) cause = &each;
  }
  return cause;
}

bool waits(Outcome outcome) noexcept { return outcome == Outcome::deferred || outcome == Outcome::bounced; }

// Postfix's words are for those who look for them in its log; what is wrong comes first.
std::string prediction_words(const CheckReport& report, bool brief) {
  const Prediction& prediction = *report.prediction;
  std::string text(in_words(prediction.outcome)), reason = printable(prediction.reason, 400);
  const Finding* cause = cause_of(report);
  if (prediction.outcome == Outcome::deferred && !report.why_temp.empty())
    return fmt::format("{}: mtastsd answers TEMP ({}), and Postfix logs \"{}\"", text,
                       printable(report.why_temp, 300), reason);
  if (waits(prediction.outcome) && cause != nullptr && !brief) {
    text += ": " + cause->message;
    return reason.empty() ? text : fmt::format("{} (Postfix logs: {})", text, reason);
  }
  if (prediction.in_clear && reason.starts_with(in_clear_words))
    return "mail is delivered in the clear, without TLS, to " + reason.substr(in_clear_words.size());
  return reason.empty() ? text : text + ": " + reason;
}

// One sentence: what happens to mail, and why.
std::string verdict_words(const CheckReport& report, bool brief = false) {
  if (!report.prediction) {
    auto worst = std::ranges::max_element(report.findings, {}, &Finding::severity);
    bool wrong = worst != report.findings.end() && worst->severity != Severity::info;
    if (wrong) return worst->message;
    auto unknown = std::ranges::find(report.steps, StepState::unknown, &CheckStep::state);
    return unknown == report.steps.end() ? "nothing wrong was found" : unknown->words;
  }
  std::string text = prediction_words(report, brief);
  if (report.prediction->by_order)
    text += " (another address, if Postfix tries it first, may give another result)";
  return text;
}

std::string place(const Where& where) {
  std::string text(where.step);
  if (!where.host.empty()) text += " " + where.host;
  if (!where.address.empty()) text += " " + where.address;
  bool usual = (where.step != "smtp" && where.step != "submission") || where.port == 0 || where.port == 25;
  if (!usual) text += fmt::format(" port {}", where.port);
  if (where.line > 0) text += fmt::format(" line {}", where.line);
  return text;
}

// Wraps the text and paints its first octets, which are on the first line.
std::string painted_head(const Terminal& terminal, Colour colour, const std::string& text, std::size_t head) {
  std::string lines = wrapped(text, 2);
  return terminal.paint(colour, lines.substr(0, head)) + lines.substr(head);
}

void print_brief(const Finding& finding, const Terminal& terminal) {
  if (finding.severity == Severity::info) return;
  auto head = fmt::format("  {}", words(finding.severity));
  auto text = wrapped(fmt::format("{}: {} ({})", head, finding.message, finding.code), 4);
  terminal.print(terminal.paint(colour_of(finding.severity), head) + text.substr(head.size()));
}

json::object where_object(const Where& where) {
  json::object object;
  if (!where.step.empty()) object.emplace("step", to_json(where.step));
  if (!where.host.empty()) object.emplace("host", to_json(where.host));
  if (!where.address.empty()) object.emplace("address", to_json(where.address));
  if (where.port != 0) object.emplace("port", where.port);
  if (where.line != 0) object.emplace("line", where.line);
  return object;
}

std::size_t count(const Findings& findings, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

std::string_view nagios_word(Overall overall) noexcept {
  switch (overall) {
    case Overall::ok: return "OK";
    case Overall::warning: return "WARNING";
    case Overall::error: return "CRITICAL";
    case Overall::unknown: return "UNKNOWN";
  }
  return {};
}

// "|" would begin the performance data.
std::string nagios_text(Overall overall, std::string_view text) {
  std::string line = fmt::format("MTA-STS {}: {}", nagios_word(overall), whole(text));
  std::ranges::replace(line, '|', '/');
  return line;
}

}  // namespace

int check_exit(Overall overall) noexcept {
  switch (overall) {
    case Overall::ok: return check_ok;
    case Overall::warning: return check_warning;
    case Overall::error: return check_error;
    case Overall::unknown: return check_unknown;
  }
  return check_unknown;
}

void print_verdict(const CheckReport& report, const Terminal& terminal, bool brief) {
  std::string head = fmt::format("{}: {}:", report.subject, words(report.overall));
  terminal.print(painted_head(terminal, colour_of(report.overall), head + " " + verdict_words(report, brief),
                              head.size()));
}

void print_step(const CheckStep& step, const Terminal& terminal) {
  std::string name(step.step);
  if (!step.host.empty() && step.step != "policy-host") name += " " + step.host;
  std::string_view colon = step.words.empty() ? "" : ": ";
  terminal.print(wrapped(fmt::format("{:<9} {}{}{}", words(step.state), name, colon, step.words), 10));
}

void print_finding(const Finding& finding, const Terminal& terminal, std::string_view before) {
  std::string head = fmt::format("{}{} {}", before, words(finding.severity), finding.code);
  std::string at = place(finding.where);
  if (!at.empty()) at = fmt::format(" ({})", at);
  terminal.print(painted_head(terminal, colour_of(finding.severity), head + at, head.size()));
  terminal.print(wrapped("  " + finding.message, 2));
  if (const CatalogueEntry* entry = find_code(finding.code);
      entry != nullptr && finding.severity != Severity::info)
    terminal.print(wrapped(fmt::format("  mend: {}", entry->mend), 8));
}

void print_check(const CheckReport& report, const Terminal& terminal, bool brief) {
  print_verdict(report, terminal, brief);
  if (brief) {
    for (const Finding& each : report.findings) print_brief(each, terminal);
    return;
  }
  terminal.print("");
  for (const CheckStep& each : report.steps) print_step(each, terminal);
  for (const Finding& each : report.findings) {
    terminal.print("");
    print_finding(each, terminal);
  }
}

json::object finding_object(const Finding& finding) {
  const CatalogueEntry* entry = find_code(finding.code);
  return {{"code", to_json(finding.code)},
          {"severity", to_json(words(finding.severity))},
          {"message", to_json(finding.message)},
          {"where", where_object(finding.where)},
          {"evidence", to_json(finding.evidence)},
          {"mend", entry == nullptr ? json::value() : to_json(entry->mend)}};
}

json::object step_object(const CheckStep& step) {
  return {{"step", to_json(step.step)},
          {"host", to_json(step.host)},
          {"state", to_json(words(step.state))},
          {"seen", to_json(step.words)}};
}

json::object check_object(const CheckReport& report) {
  json::array findings, steps;
  for (const Finding& each : report.findings) findings.push_back(finding_object(each));
  for (const CheckStep& each : report.steps) steps.push_back(step_object(each));
  json::array senders;
  for (const SenderOutcome& each : report.senders)
    senders.push_back(json::object{{"kind", to_json(each.kind)},
                                   {"outcome", to_json(words(each.prediction.outcome))},
                                   {"prediction", to_json(printable(each.prediction.reason, 1000))}});
  json::object object{{"domain", to_json(report.subject)},
                      {"verdict", to_json(words(report.overall))},
                      {"outcome", nullptr},
                      {"in_clear", nullptr},
                      {"prediction", nullptr},
                      {"findings", std::move(findings)},
                      {"steps", std::move(steps)},
                      {"senders", std::move(senders)}};
  if (report.prediction) {
    object["outcome"] = to_json(words(report.prediction->outcome));
    object["in_clear"] = report.prediction->in_clear;
    object["prediction"] = to_json(printable(report.prediction->reason, 1000));
  }
  if (report.understood) object["understood_as"] = to_json(report.subject);
  return object;
}

std::string nagios_line(const CheckReport& report) {
  auto mx = [&](StepState state) {
    return std::ranges::count_if(
        report.steps, [&](const CheckStep& each) { return each.step == "smtp" && each.state == state; });
  };
  std::string days = report.days_left ? fmt::format(" days={}", *report.days_left) : "";
  return fmt::format("{} | errors={} warnings={} mx_good={} mx_bad={}{} seconds={}.{:03}",
                     nagios_text(report.overall, report.subject + ": " + verdict_words(report)),
                     count(report.findings, Severity::error), count(report.findings, Severity::warning),
                     mx(StepState::ok), mx(StepState::found), days, report.took.count() / 1000,
                     report.took.count() % 1000);
}

std::string nagios_unknown(std::string_view why) { return nagios_text(Overall::unknown, why); }

}  // namespace mtasts
