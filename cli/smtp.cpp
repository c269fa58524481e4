// The verb smtp: one mail server, on each of its ports.
#include <algorithm>
#include <iterator>

#include "cli/check_shared.hpp"
#include "cli/commands.hpp"
#include "cli/explain_live.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/examine_server.hpp"
#include "diagnose/first_expiry.hpp"
#include "diagnose/judge_input.hpp"
#include "diagnose/run_to_end.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// For one dialogue: the ports of an address come one after the other, within what is left.
milliseconds time_for_each(steady_clock::time_point deadline, std::size_t ports) {
  auto left = std::chrono::floor<milliseconds>(deadline - steady_clock::now());
  return std::max(left / static_cast<int>(std::max<std::size_t>(ports, 1)), milliseconds(100));
}

}  // namespace

int smtp(const Config& config, const DomainArgument& host, const std::vector<unsigned>& named,
         const CheckOptions& options, const Clock& clock, const Terminal& terminal) {
  const std::vector<unsigned> ports = named.empty() ? std::vector<unsigned>{25, 465, 587} : named;
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(options, terminal, wrong);
  auto begin = steady_clock::now();
  WorkLoop loop;
  ExplainQuestion question;
  question.next_hop = host;
  auto prepared = prepare(loop, within(config, options.timeout), question, clock, LookUp::always);
  if (!prepared) return refuse(options, terminal, whole(prepared.error().detail));
  ServerAddresses found = run_to_end(loop, find_server(*prepared->choice->dns, host.domain));
  auto mail = make_smtp(loop, smtp_options(config, time_for_each(begin + options.timeout, ports.size())));
  if (!mail) return refuse(options, terminal, whole(mail.error().detail));
  LateWork late(&loop);
  auto facts = run_to_end(loop, talk_to_server(**mail, host.domain, found.addresses, ports));

  CheckReport report;
  report.subject = host.domain;
  report.days_left = days_until(first_expiry(facts), prepared->inputs.now);
  unsigned warn_days = options.warn_days.value_or(SmtpFacts{}.warn_days);
  Judgement judgement =
      judge_server(host.domain, found, std::move(facts),
                   named.empty() ? WantedPorts::as_mx : WantedPorts::all, warn_days, prepared->inputs.now);
  report.steps = std::move(judgement.steps);
  report.findings = std::move(judgement.findings);
  std::ranges::move(judge_input(host.given.substr(0, longest_given), host.domain),
                    std::back_inserter(report.findings));
  report.understood = !host.given.empty();
  report.took = std::chrono::floor<milliseconds>(steady_clock::now() - begin);
  return finish(std::move(report), options, terminal);
}

}  // namespace mtasts
