// What check --watch calls a change.
#include "cli/check_changes.hpp"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>

#include "core/catalogue.hpp"

namespace mtasts {
namespace {

using enum StepState;

// Two MX hosts; the certificate of the first has expired, and the policy lacks the second.
CheckReport sick() {
  CheckReport report;
  report.subject = "a.example";
  report.steps = {{"record", "", ok},     {"policy-host", "", ok},
                  {"policy", "", ok},     {"mx", "", found},
                  {"smtp", "mx1", found}, {"smtp", "mx2", ok},
                  {"dane", "mx1", ok},    {"dane", "mx2", StepState::not_asked},
                  {"tlsrpt", "", found}};
  report.findings = {make_finding("mx-not-in-policy", "the policy lacks mx2", {.step = "mx", .host = "mx2"}),
                     make_finding("certificate-expired", "it expired 3 days ago",
                                  {.step = "smtp", .host = "mx1", .address = "192.0.2.1", .port = 25}),
                     make_finding("tlsrpt-missing", "there is none", {.step = "tlsrpt"}),
                     make_finding("input-corrected", "understood")};
  report.overall = Overall::error;
  report.prediction = Prediction{Outcome::deferred, "Server certificate not verified"};
  return report;
}

CheckStep& step(CheckReport& report, std::string_view name, std::string_view host = {}) {
  for (CheckStep& each : report.steps)
    if (each.step == name && each.host == host) return each;
  throw std::logic_error("there is no such step");
}

void drop(CheckReport& report, std::string_view code) {
  std::erase_if(report.findings, [&](const Finding& each) { return each.code == code; });
}

std::string codes(const Findings& findings) {
  std::string all;
  for (const Finding& each : findings) all += fmt::format(" {}", each.code);
  return all;
}

std::string names(const std::vector<CheckStep>& steps) {
  std::string all;
  for (const CheckStep& each : steps) all += fmt::format(" {}/{}", each.step, each.host);
  return all;
}

// "verdict +appeared… -gone… ~changed… ?unknown… !known… =still open…", without what is empty.
std::string in_one_line(const CheckReport& before, const CheckReport& after) {
  CheckChanges changes = changes_between(before, after);
  std::string text = changes.verdict ? "verdict" : "";
  auto add = [&](std::string_view mark, const std::string& all) {
    if (!all.empty()) text += fmt::format("{}{}{}", text.empty() ? "" : " ", mark, all);
  };
  add("+", codes(changes.appeared));
  add("-", codes(changes.gone));
  for (const ChangedSeverity& each : changes.severities)
    add("~", fmt::format(" {} {} {}", each.finding.code, words(each.was), words(each.finding.severity)));
  add("?", names(changes.unknown));
  add("!", names(changes.known));
  CHECK(changes.any() == !text.empty());
  add("=", codes(still_open(before, after)));
  return text;
}

}  // namespace

TEST_CASE("changes between two checks", "[watch]") {
  struct Row {
    const char* why;
    std::function<void(CheckReport&)> change;  // of the second check
    std::string changes;
  };
  const Row rows[] = {
      {"nothing has changed", [](CheckReport&) {}, ""},
      {"only a message has, and what takes longer",
       [](CheckReport& r) {
         r.findings[1].message = "it expired 4 days ago";
         r.took = std::chrono::seconds(3);
       },
       ""},
      {"only words of a step have", [](CheckReport& r) { step(r, "smtp", "mx1").words = "x"; }, ""},
      {"only the reason of the same outcome has",
       [](CheckReport& r) { r.prediction->reason = "Server certificate expired"; }, ""},
      {"a finding went",
       [](CheckReport& r) {
         drop(r, "tlsrpt-missing");
         step(r, "tlsrpt").state = ok;
       },
       "- tlsrpt-missing"},
      {"a finding came",
       [](CheckReport& r) { r.findings.push_back(make_finding("mode-testing", "m", {.step = "policy"})); },
       "+ mode-testing"},
      {"a finding is at another address", [](CheckReport& r) { r.findings[1].where.address = "192.0.2.2"; },
       "+ certificate-expired - certificate-expired"},
      {"a finding is less bad", [](CheckReport& r) { r.findings[0].severity = Severity::warning; },
       "~ mx-not-in-policy error warning"},
      {"the verdict alone", [](CheckReport& r) { r.overall = Overall::warning; }, "verdict"},
      {"the outcome alone", [](CheckReport& r) { r.prediction->outcome = Outcome::bounced; }, "verdict"},
      {"nothing is predicted any more", [](CheckReport& r) { r.prediction.reset(); }, "verdict"},
      {"an MX host does not answer in time",
       [](CheckReport& r) {
         drop(r, "certificate-expired");
         step(r, "smtp", "mx1").state = unknown;
       },
       "? smtp/mx1 = certificate-expired"},
      {"another MX host does not answer in time",
       [](CheckReport& r) {
         drop(r, "certificate-expired");
         step(r, "smtp", "mx2").state = unknown;
       },
       "- certificate-expired ? smtp/mx2"},
      {"the MX records can't be looked up here",
       [](CheckReport& r) {
         drop(r, "certificate-expired");
         drop(r, "mx-not-in-policy");
         step(r, "mx").state = unknown;
         std::erase_if(r.steps, [](const CheckStep& each) { return each.step == "smtp"; });
       },
       "? mx/ = mx-not-in-policy certificate-expired"},
      {"the MX records can't be looked up by anybody",
       [](CheckReport& r) {
         drop(r, "certificate-expired");
         r.findings.push_back(make_finding("mx-lookup-failed", "m", {.step = "mx"}));
         std::erase_if(r.steps, [](const CheckStep& each) { return each.step == "smtp"; });
       },
       "+ mx-lookup-failed = certificate-expired"},
      {"an MX host is not one any more",
       [](CheckReport& r) {
         drop(r, "certificate-expired");
         std::erase_if(r.steps, [](const CheckStep& each) { return each.host == "mx1"; });
       },
       "- certificate-expired"},
      {"the policy host does not answer in time",
       [](CheckReport& r) {
         drop(r, "mx-not-in-policy");
         step(r, "policy-host").state = unknown;
         step(r, "policy").state = StepState::not_asked;
       },
       "? policy-host/ = mx-not-in-policy"},
      {"one of its addresses does not, but the policy was seen",
       [](CheckReport& r) {
         drop(r, "mx-not-in-policy");
         step(r, "policy-host").state = unknown;
       },
       "- mx-not-in-policy ? policy-host/"},
      {"there is no policy any more",
       [](CheckReport& r) {
         drop(r, "mx-not-in-policy");
         step(r, "policy-host").state = StepState::not_asked;
         step(r, "policy").state = StepState::not_asked;
       },
       "- mx-not-in-policy"},
      {"the text is not remarked on", [](CheckReport& r) { drop(r, "input-corrected"); },
       "- input-corrected"},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    CheckReport after = sick();
    row.change(after);
    CHECK(in_one_line(sick(), after) == row.changes);
  }
}

TEST_CASE("a step that is known again is told of, but what is still open is not", "[watch]") {
  CheckReport late = sick();
  drop(late, "certificate-expired");
  step(late, "smtp", "mx1").state = unknown;
  Findings open = still_open(sick(), late);
  late.findings.insert(late.findings.end(), open.begin(), open.end());
  CHECK(in_one_line(late, late).empty());
  CHECK(in_one_line(late, sick()) == "! smtp/mx1");
  CheckReport mended = sick();
  drop(mended, "certificate-expired");
  step(mended, "smtp", "mx1").state = ok;
  CHECK(in_one_line(late, mended) == "- certificate-expired ! smtp/mx1");
}

TEST_CASE("a check that could not be made says nothing about the domain", "[watch]") {
  CheckReport now = nothing_learned(sick(), "ca.pem can't be \xff read");
  CHECK(now.subject == "a.example");
  CHECK(now.overall == Overall::unknown);
  CHECK(now.prediction == Prediction{Outcome::unknown, "ca.pem can't be \\xff read"});
  CHECK(step(now, "mx").words == "ca.pem can't be \\xff read");
  CHECK(changes_between(sick(), now).gone.empty());
  CHECK(codes(still_open(sick(), now)) == " mx-not-in-policy certificate-expired tlsrpt-missing");
}

}  // namespace mtasts
