#include "diagnose/judge_outcome.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "core/catalogue.hpp"

using namespace mtasts;

namespace {

const std::string mx = "mx.a.example";

OutcomeFacts waiting(Outcome outcome = Outcome::deferred) {
  return {.prediction = {.outcome = outcome, .reason = "lost connection", .host = mx}, .domain = "a.example"};
}

CheckStep step(std::string_view name, std::string host, StepState state) {
  return {name, std::move(host), state, {}};
}

// "code severity", one after the other.
std::string judged(const OutcomeFacts& facts, std::vector<CheckStep> steps, Findings findings) {
  judge_outcome(facts, steps, findings);
  std::string text;
  for (const Finding& each : findings)
    text.append(text.empty() ? "" : ", ").append(each.code).append(" ").append(words(each.severity));
  return text;
}

Finding warning(std::string_view code, std::string host = mx) {
  Finding finding{code, Severity::warning, "words", {.step = "smtp", .host = std::move(host)}, {}};
  return finding;
}

}  // namespace

TEST_CASE("mail that is not delivered is an error, or it is not known why", "[judge]") {
  struct Row {
    std::string_view why;
    OutcomeFacts facts;
    std::vector<CheckStep> steps;
    Findings findings;
    std::string_view want;
  };
  OutcomeFacts enforced = waiting(), null_mx = waiting(Outcome::bounced), undecided = waiting();
  enforced.enforced = true;
  null_mx.null_mx = true;
  undecided.undecided = true;
  const std::vector<Row> rows{
      {"no finding says why", waiting(), {}, {}, "mail-not-delivered error"},
      {"it is returned", waiting(Outcome::bounced), {}, {}, "mail-not-delivered error"},
      {"the domain wants that", null_mx, {}, {}, ""},
      {"it is delivered",
       waiting(Outcome::delivered_unverified),
       {},
       {warning("smtp-broken")},
       "smtp-broken warning"},
      {"it is not known", waiting(Outcome::unknown), {}, {warning("smtp-broken")}, "smtp-broken warning"},
      {"the host that decided has a finding", waiting(), {}, {warning("smtp-broken")}, "smtp-broken error"},
      {"a warning that keeps no mail away",
       waiting(),
       {},
       {warning("certificate-expires-soon")},
       "certificate-expires-soon warning, mail-not-delivered error"},
      {"a finding about another host",
       waiting(),
       {},
       {warning("smtp-broken", "mx2.a.example")},
       "smtp-broken warning, mail-not-delivered error"},
      {"the policy keeps it from another host",
       enforced,
       {},
       {warning("mx-in-policy-fails-tls", "mx2.a.example"), warning("mx-unreachable")},
       "mx-in-policy-fails-tls error, mx-unreachable warning"},
      {"the policy is not in force",
       waiting(),
       {},
       {warning("mx-in-policy-fails-tls"), warning("handshake-failed")},
       "mx-in-policy-fails-tls warning, handshake-failed error"},
      {"an error was found",
       waiting(),
       {},
       {make_finding("mx-not-in-policy", "words"), warning("smtp-broken")},
       "mx-not-in-policy error, smtp-broken warning"},
      {"the host is not known", waiting(), {step("dane", mx, StepState::unknown)}, {}, ""},
      {"another host is not known",
       waiting(),
       {step("dane", "mx2.a.example", StepState::unknown)},
       {},
       "mail-not-delivered error"},
      {"nothing is decided, because another host is not known",
       undecided,
       {step("dane", "mx2.a.example", StepState::unknown)},
       {},
       ""},
      {"what is not known has no bearing on mail",
       waiting(),
       {step("submission", {}, StepState::unknown)},
       {},
       "mail-not-delivered error"},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK(judged(row.facts, row.steps, row.findings) == row.want);
  }
}

TEST_CASE("an added finding makes its step found", "[judge]") {
  std::vector<CheckStep> steps{step("smtp", mx, StepState::ok), step("smtp", "mx2.a.example", StepState::ok)};
  Findings findings;
  judge_outcome(waiting(), steps, findings);
  CHECK(steps[0].state == StepState::found);
  CHECK(steps[1].state == StepState::ok);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].message == "mail to a.example waits: lost connection");
}

TEST_CASE("a published policy that is not in force is never ok", "[judge]") {
  OutcomeFacts facts = waiting(Outcome::delivered_unverified);
  facts.published = true;
  facts.why_not_sts = "an override";
  const std::vector<CheckStep> good{step("record", {}, StepState::ok), step("policy", {}, StepState::ok)};
  CHECK(judged(facts, good, {}) == "policy-not-in-force warning");
  CHECK(judged(facts, {step("policy-host", "mta-sts.a.example", StepState::unknown)}, {}).empty());
  Finding failure = make_finding("policy-host-unsteady", "words", {.step = "policy-host"});
  CHECK(judged(facts, good, {failure}) == "policy-host-unsteady warning");
  Finding other = make_finding("policy-cert-expires-soon", "words", {.step = "policy-host"});
  CHECK(judged(facts, good, {other}) == "policy-cert-expires-soon warning, policy-not-in-force warning");
  facts.by_dane = true;
  CHECK(judged(facts, good, {}).empty());
  facts.by_dane = false;
  facts.published = false;
  CHECK(judged(facts, good, {}).empty());
  facts.published = true;
  facts.prediction.outcome = Outcome::delivered_verified;
  CHECK(judged(facts, good, {}).empty());
}
