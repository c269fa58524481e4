#include "cli/check_shared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/catalogue.hpp"
#include "diagnose/tls_policy.hpp"

namespace mtasts {

using std::chrono::milliseconds;

std::string wrong_options(const CheckOptions& options) {
  for (const std::string& each : options.ignore)
    if (find_code(each) == nullptr)
      return fmt::format("there is no code {}; mtastsctl codes lists them", in_quotes(each));
  if (!options.postfix.empty() && !parse_postfix_version(options.postfix))
    return fmt::format("{} is not a version of Postfix; write it as 3.10", in_quotes(options.postfix));
  return {};
}

int refuse(const CheckOptions& options, const Terminal& terminal, std::string_view what) {
  if (options.nagios) terminal.print(nagios_unknown(what));
  terminal.trouble(what);
  return check_unknown;
}

Config within(Config config, milliseconds timeout) {
  config.dns.timeout = std::min(config.dns.timeout, timeout / 6);
  config.https.timeout = std::min(config.https.timeout, timeout / 3);
  return config;
}

SmtpOptions smtp_options(const Config& config, milliseconds timeout) {
  SmtpOptions options{config.check.ehlo, config.https.ca_file, config.check.ca_file, timeout,
                      config.https.allow_addresses};
  std::ranges::copy(config.check.allow_addresses, std::back_inserter(options.allow_addresses));
  return options;
}

std::optional<long> days_until(const std::optional<Time>& then, Time now) {
  if (!then) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*then - now).count();
}

std::function<void(std::string_view)> progress(const CheckOptions& options, const Terminal& terminal) {
  bool shown = terminal.shows_progress && !options.nagios && !terminal.json;
  return [shown, &terminal](std::string_view part) {
    if (shown) terminal.err << "checked: " << part << std::endl;
  };
}

namespace {

bool has_error(const CheckReport& report) {
  return std::ranges::find(report.findings, Severity::error, &Finding::severity) != report.findings.end();
}

bool waits(const CheckReport& report) {
  return report.prediction &&
         (report.prediction->outcome == Outcome::deferred || report.prediction->outcome == Outcome::bounced);
}

}  // namespace

CheckReport without_ignored(CheckReport report, const CheckOptions& options) {
  auto is_ignored = [&](std::string_view code) {
    return std::ranges::find(options.ignore, code) != options.ignore.end();
  };
  bool had_error = has_error(report);
  std::erase_if(report.findings, [&](const Finding& each) { return is_ignored(each.code); });
  // Whoever ignores the cause still wants to know that mail waits.
  constexpr std::string_view not_delivered = "mail-not-delivered";
  if (waits(report) && had_error && !has_error(report) && !is_ignored(not_delivered))
    report.findings.push_back(make_finding(
        not_delivered,
        "mail does not arrive, and its cause is ignored: " + printable(report.prediction->reason, 400),
        {.step = "smtp", .host = printable(report.prediction->host, 253)}));
  report.overall = overall_of(report.steps, report.findings);
  return report;
}

int finish(CheckReport report, const CheckOptions& options, const Terminal& terminal, bool brief) {
  report = without_ignored(std::move(report), options);
  if (options.nagios)
    terminal.print(nagios_line(report));
  else if (terminal.json)
    terminal.print_json(check_object(report));
  else
    print_check(report, terminal, brief);
  return check_exit(report.overall);
}

}  // namespace mtasts
