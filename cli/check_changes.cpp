#include "cli/check_changes.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace mtasts {
namespace {

const Finding* find_same(const Findings& findings, const Finding& wanted) {
  auto found = std::ranges::find_if(
      findings, [&](const Finding& each) { return each.code == wanted.code && each.where == wanted.where; });
  return found == findings.end() ? nullptr : &*found;
}

const CheckStep* find_same(const std::vector<CheckStep>& steps, const CheckStep& wanted) {
  auto found = std::ranges::find_if(
      steps, [&](const CheckStep& each) { return each.step == wanted.step && each.host == wanted.host; });
  return found == steps.end() ? nullptr : &*found;
}

bool any_is(const CheckReport& report, std::string_view step, StepState state) {
  return std::ranges::any_of(report.steps,
                             [&](const CheckStep& each) { return each.step == step && each.state == state; });
}

// A step without a host is about all of them.
bool place_is_unknown(const CheckReport& report, const Where& where) {
  return std::ranges::any_of(report.steps, [&](const CheckStep& each) {
    bool here =
        each.step == where.step && (each.host == where.host || each.host.empty() || where.host.empty());
    return here && each.state == StepState::unknown;
  });
}

// Which hosts there are to be looked at.
bool mx_is_unknown(const CheckReport& report) {
  return any_is(report, "mx", StepState::unknown) ||
         std::ranges::find(report.findings, "mx-lookup-failed", &Finding::code) != report.findings.end();
}

bool policy_is_unknown(const CheckReport& report) {
  bool seen = any_is(report, "policy", StepState::ok) || any_is(report, "policy", StepState::found);
  return !seen &&
         (any_is(report, "record", StepState::unknown) || any_is(report, "policy-host", StepState::unknown));
}

bool may_still_hold(const Finding& finding, const CheckReport& after) {
  std::string_view step = finding.where.step;
  if (step.empty()) return false;
  if (place_is_unknown(after, finding.where)) return true;
  bool of_hosts = step == "smtp" || step == "dane";
  if (of_hosts && mx_is_unknown(after)) return true;
  bool needs_policy = step != "dane" && step != "tlsrpt";
  return needs_policy && policy_is_unknown(after);
}

void compare_findings(const CheckReport& before, const CheckReport& after, CheckChanges& changes) {
  for (const Finding& each : after.findings) {
    const Finding* same = find_same(before.findings, each);
    if (same == nullptr)
      changes.appeared.push_back(each);
    else if (same->severity != each.severity)
      changes.severities.push_back({each, same->severity});
  }
  for (const Finding& each : before.findings)
    if (find_same(after.findings, each) == nullptr && !may_still_hold(each, after))
      changes.gone.push_back(each);
}

void compare_steps(const CheckReport& before, const CheckReport& after, CheckChanges& changes) {
  for (const CheckStep& each : after.steps) {
    const CheckStep* same = find_same(before.steps, each);
    bool was_unknown = same != nullptr && same->state == StepState::unknown;
    bool is_unknown = each.state == StepState::unknown;
    if (is_unknown && !was_unknown) changes.unknown.push_back(each);
    if (was_unknown && !is_unknown) changes.known.push_back(each);
  }
}

std::optional<Outcome> outcome_of(const CheckReport& report) {
  return report.prediction ? std::optional(report.prediction->outcome) : std::nullopt;
}

}  // namespace

Findings still_open(const CheckReport& before, const CheckReport& after) {
  Findings open;
  for (const Finding& each : before.findings)
    if (find_same(after.findings, each) == nullptr && may_still_hold(each, after)) open.push_back(each);
  return open;
}

CheckChanges changes_between(const CheckReport& before, const CheckReport& after) {
  CheckChanges changes;
  changes.verdict = before.overall != after.overall || outcome_of(before) != outcome_of(after);
  compare_findings(before, after, changes);
  compare_steps(before, after, changes);
  return changes;
}

CheckReport nothing_learned(const CheckReport& before, std::string_view why) {
  CheckReport report;
  report.subject = before.subject;
  report.understood = before.understood;
  report.steps = before.steps;
  for (CheckStep& each : report.steps) {
    each.state = StepState::unknown;
    each.words = whole(why);
  }
  std::ranges::copy_if(before.findings, std::back_inserter(report.findings),
                       [](const Finding& each) { return each.where.step.empty(); });
  report.prediction = Prediction{Outcome::unknown, whole(why)};
  return report;
}

}  // namespace mtasts
