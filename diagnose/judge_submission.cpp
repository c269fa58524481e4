#include "diagnose/judge_submission.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/catalogue.hpp"

namespace mtasts {
namespace {

constexpr std::string_view step_name = "submission";

std::string with_port(const SmtpHostFacts& server, const std::string& words) {
  return "port " + std::to_string(server.port) + ": " + words;
}

void add_without_address(const SubmissionServer& each, Judgement& judgement) {
  const std::string& name = each.server.name;
  CheckStep step{step_name, name, StepState::unknown, with_port(each.server, printable(each.failure, 300))};
  if (each.failure.empty()) {
    step.state = StepState::found;
    step.words = with_port(each.server, "it has no address");
    judgement.findings.push_back(
        make_finding("mx-no-address", name + ", which an SRV record names for submission, has no address",
                     {.step = step_name, .host = name, .port = each.server.port}));
  }
  judgement.steps.push_back(std::move(step));
}

void add_talked_to(SmtpFacts facts, Judgement& judgement, Time now) {
  Judgement talked = judge_smtp(facts, now);
  for (std::size_t i = 0; i < talked.steps.size(); ++i)
    talked.steps[i].words = with_port(facts.hosts[i], talked.steps[i].words);
  std::ranges::move(talked.steps, std::back_inserter(judgement.steps));
  std::ranges::move(talked.findings, std::back_inserter(judgement.findings));
}

}  // namespace

Judgement judge_submission(const SubmissionFacts& facts, Time now) {
  Judgement judgement;
  auto add_step = [&](StepState state, std::string words) {
    judgement.steps.push_back({step_name, {}, state, std::move(words)});
  };
  if (!facts.failure.empty()) add_step(StepState::unknown, printable(facts.failure, 400));
  if (facts.failure.empty() && facts.servers.empty())
    add_step(StepState::not_asked, "no SRV record names a server for submission");
  SmtpFacts talked{.step = step_name, .warn_days = facts.warn_days};
  for (const SubmissionServer& each : facts.servers)
    if (each.server.addresses.empty())
      add_without_address(each, judgement);
    else
      talked.hosts.push_back(each.server);
  add_talked_to(std::move(talked), judgement, now);
  if (facts.left_out > 0)
    add_step(StepState::not_asked, std::to_string(facts.left_out) + " more that SRV records name");
  return judgement;
}

}  // namespace mtasts
