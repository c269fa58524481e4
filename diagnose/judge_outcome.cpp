#include "diagnose/judge_outcome.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/catalogue.hpp"

namespace mtasts {
namespace {

// What may keep a host from taking the mail, the gravest first.
constexpr auto reasons_to_wait = std::to_array<std::string_view>({
    "smtp-broken-after-tls",
    "handshake-failed",
    "client-certificate-required",
    "tls-too-old",
    "starttls-injection",
    "starttls-refused",
    "starttls-differs",
    "starttls-missing",
    "ehlo-refused",
    "smtp-broken",
    "greeting-failed",
    "mx-private-address",
    "mx-unreachable",
    "mx-ipv6-unreachable",
    "mx-no-address",
    "mx-is-address",
});

bool is_about_policy(std::string_view step) noexcept {
  return step == "record" || step == "policy-host" || step == "policy";
}

// Whether a finding may tell why a fetch did not give the policy.
bool tells_of_failure(const Finding& finding) noexcept {
  if (!is_about_policy(finding.where.step)) return false;
  return finding.severity == Severity::error || finding.code == "policy-host-unsteady" ||
         finding.code == "policy-host-address-fails" || finding.code == "policy-too-slow" ||
         finding.code == "policies-differ";
}

bool has_errors(const Findings& findings) {
  return std::ranges::find(findings, Severity::error, &Finding::severity) != findings.end();
}

// Whether it is not known, for want of an answer, why the mail would wait.
bool rests_on_unknown(const OutcomeFacts& facts, const std::vector<CheckStep>& steps) {
  return std::ranges::any_of(steps, [&](const CheckStep& step) {
    bool concerned = facts.undecided || step.host.empty() || step.host == facts.prediction.host;
    bool weighs = step.step == "mx" || step.step == "smtp" || step.step == "dane";
    return step.state == StepState::unknown && weighs && concerned;
  });
}

// Raises all findings with the code about the host, or about any host if it is empty; false: there is none.
bool raise(Findings& findings, std::string_view code, std::string_view host) {
  bool any = false;
  for (Finding& each : findings) {
    bool of_mail = each.where.step == "smtp" || each.where.step == "mx";
    if (!of_mail || each.code != code || (!host.empty() && each.where.host != host)) continue;
    each.severity = Severity::error;
    any = true;
  }
  return any;
}

void mark_found(std::vector<CheckStep>& steps, std::string_view name, std::string_view host) {
  for (CheckStep& step : steps)
    if (step.step == name && step.host == host && step.state == StepState::ok) step.state = StepState::found;
}

// Says which finding it is that keeps the mail away.
void blame(const OutcomeFacts& facts, std::vector<CheckStep>& steps, Findings& findings) {
  const Prediction& prediction = facts.prediction;
  if (facts.enforced && raise(findings, "mx-in-policy-fails-tls", {})) return;
  bool raised = !prediction.host.empty() && std::ranges::any_of(reasons_to_wait, [&](std::string_view code) {
    return raise(findings, code, prediction.host);
  });
  if (raised) return;
  bool bounced = prediction.outcome == Outcome::bounced;
  std::string host = printable(prediction.host, 253);
  findings.push_back(
      make_finding("mail-not-delivered",
                   "mail to " + facts.domain + (bounced ? " is returned to its sender" : " waits") +
                       (prediction.reason.empty() ? "" : ": " + printable(prediction.reason, 400)),
                   {.step = "smtp", .host = host}));
  mark_found(steps, "smtp", host);
}

void judge_waiting(const OutcomeFacts& facts, std::vector<CheckStep>& steps, Findings& findings) {
  bool waits = facts.prediction.outcome == Outcome::deferred || facts.prediction.outcome == Outcome::bounced;
  if (!waits || facts.null_mx || has_errors(findings) || rests_on_unknown(facts, steps)) return;
  blame(facts, steps, findings);
}

// Why the policy does not count was said if anything is wrong with it, or not known.
void judge_policy_without_force(const OutcomeFacts& facts, std::vector<CheckStep>& steps,
                                Findings& findings) {
  if (facts.prediction.outcome != Outcome::delivered_unverified || !facts.published || facts.by_dane) return;
  bool said = std::ranges::any_of(steps, [](const CheckStep& step) {
    return is_about_policy(step.step) && step.state == StepState::unknown;
  });
  if (said || std::ranges::any_of(findings, tells_of_failure)) return;
  findings.push_back(make_finding("policy-not-in-force",
                                  facts.domain +
                                      " publishes a policy of mode enforce, but it is not in force here: " +
                                      printable(facts.why_not_sts, 300),
                                  {.step = "policy"}));
  mark_found(steps, "policy", {});
}

}  // namespace

void judge_outcome(const OutcomeFacts& facts, std::vector<CheckStep>& steps, Findings& findings) {
  judge_waiting(facts, steps, findings);
  judge_policy_without_force(facts, steps, findings);
}

}  // namespace mtasts
