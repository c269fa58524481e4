#include "cli/check_network.hpp"

#include <algorithm>

#include "cli/check_shared.hpp"
#include "cli/installed_postfix.hpp"
#include "diagnose/judge_input.hpp"
#include "diagnose/trace_file.hpp"
#include "net/dns/direct_question.hpp"
#include "resolver/network.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// What is predicted if no Postfix is installed here.
constexpr std::string_view usual_postfix = "3.10";

// As for MX hosts, a name server may have an address of special use only if the configuration says so.
DirectOptions name_server_options(const Config& config) {
  DirectOptions options;
  options.allow_addresses = smtp_options(config, {}).allow_addresses;
  options.timeout = std::min(options.timeout, config.dns.timeout);
  return options;
}

// Beside the limits of the configuration, which are the daemon's.
void add_limits(CheckNetwork& network, const Config& config) {
  WaitingTime dns{network.config.dns.timeout, config.dns.timeout};
  network.dns = std::make_unique<HurriedDns>(*network.choice.dns, dns);
  if (network.choice.plain) network.plain_dns = std::make_unique<HurriedDns>(*network.choice.plain, dns);
  WaitingTime https{network.config.https.timeout, config.https.timeout};
  network.fetch = std::make_unique<HurriedFetch>(*network.patient_fetch, https);
}

}  // namespace

Result<CheckNetwork> open_check_network(WorkLoop& loop, const Config& config, const DomainArgument& domain,
                                        const CheckOptions& options, const Clock& clock,
                                        const DialogueLimits& limits) {
  CheckNetwork network;
  network.config = within(config, options.timeout);
  ExplainQuestion question;
  question.next_hop = domain;
  auto prepared = prepare(loop, network.config, question, clock, LookUp::always);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  network.first = std::move(prepared->inputs);
  network.choice = *std::move(prepared->choice);
  network.postfix_version = options.postfix;
  if (options.postfix.empty())
    network.postfix_version = installed_postfix().value_or(std::string(usual_postfix));
  auto https = make_https_fetch(loop, https_options(network.config.https));
  if (!https) return std::unexpected(std::move(https.error()));
  network.patient_fetch = *std::move(https);
  add_limits(network, config);
  auto dialogues = smtp_options(config, limits.timeout);
  dialogues.done_by = limits.done_by;
  auto smtp = make_smtp(loop, std::move(dialogues));
  if (!smtp) return std::unexpected(std::move(smtp.error()));
  network.smtp = *std::move(smtp);
  network.late = LateWork(&loop);
  network.name_servers = make_name_servers(name_server_options(network.config));
  return network;
}

CheckInputs check_inputs(const CheckNetwork& network, ExplainInputs explain, const DomainArgument& domain,
                         const CheckOptions& options) {
  CheckInputs inputs;
  inputs.explain = std::move(explain);
  inputs.warn_days = options.warn_days.value_or(inputs.warn_days);
  inputs.postfix_version = network.postfix_version;
  inputs.ehlo = network.config.check.ehlo;
  inputs.given = domain.given.substr(0, longest_given);
  return inputs;
}

Result<CheckInputs> check_inputs(const CheckNetwork& network, const DomainArgument& domain,
                                 const CheckOptions& options, const Clock& clock) {
  ExplainQuestion question;
  question.next_hop = domain;
  auto explain = prepare_another(network.first, network.config, question, clock);
  if (!explain) return std::unexpected(std::move(explain.error()));
  return check_inputs(network, *std::move(explain), domain, options);
}

CheckReport report_of(const CheckInputs& inputs, const Examination& all, milliseconds took) {
  CheckReport report;
  report.subject = printable(inputs.explain.next_hop, 300);
  report.steps = all.steps;
  report.findings = all.findings;
  report.overall = all.overall;
  report.prediction = all.prediction;
  report.senders = all.senders;
  if (all.explanation.verdict == Verdict::temp) report.why_temp = all.explanation.reason;
  report.days_left = days_until(all.first_expiry, all.explanation.inputs.now);
  report.took = took;
  report.understood = !inputs.given.empty();
  return report;
}

asio::awaitable<CheckReport> check_over(const CheckNetwork& network, CheckInputs inputs,
                                        steady_clock::time_point begin, steady_clock::time_point deadline,
                                        std::function<void(std::string_view)> done) {
  Trace trace = co_await collect(network.ports(), inputs.explain, deadline, std::move(done));
  fit_trace(inputs, trace);
  Examination all = examine(inputs, std::move(trace));
  co_return report_of(inputs, all, std::chrono::floor<milliseconds>(steady_clock::now() - begin));
}

}  // namespace mtasts
