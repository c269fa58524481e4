#include "cli/check_network.hpp"

#include <algorithm>

#include "cli/check_shared.hpp"
#include "cli/installed_postfix.hpp"
#include "resolver/network.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// What is predicted if no Postfix is installed here.
constexpr std::string_view usual_postfix = "3.10";

}  // namespace

Result<CheckNetwork> open_check_network(asio::io_context& loop, const Config& config,
                                        const DomainArgument& domain, const CheckOptions& options,
                                        const Clock& clock, const DialogueLimits& limits) {
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
  network.fetch = *std::move(https);
  auto dialogues = smtp_options(config, limits.timeout);
  dialogues.done_by = limits.done_by;
  auto smtp = make_smtp(loop, std::move(dialogues));
  if (!smtp) return std::unexpected(std::move(smtp.error()));
  network.smtp = *std::move(smtp);
  return network;
}

CheckInputs check_inputs(const CheckNetwork& network, ExplainInputs explain, const CheckOptions& options) {
  CheckInputs inputs;
  inputs.explain = std::move(explain);
  inputs.warn_days = options.warn_days.value_or(inputs.warn_days);
  inputs.postfix_version = network.postfix_version;
  inputs.ehlo = network.config.check.ehlo;
  return inputs;
}

Result<CheckInputs> check_inputs(const CheckNetwork& network, const DomainArgument& domain,
                                 const CheckOptions& options, const Clock& clock) {
  ExplainQuestion question;
  question.next_hop = domain;
  auto explain = prepare_another(network.first, network.config, question, clock);
  if (!explain) return std::unexpected(std::move(explain.error()));
  return check_inputs(network, *std::move(explain), options);
}

CheckReport report_of(const Examination& all, std::string subject, milliseconds took) {
  CheckReport report;
  report.subject = std::move(subject);
  report.steps = all.steps;
  report.findings = all.findings;
  report.overall = all.overall;
  report.prediction = all.prediction;
  report.senders = all.senders;
  report.days_left = days_until(all.first_expiry, all.explanation.inputs.now);
  report.took = took;
  return report;
}

}  // namespace mtasts
