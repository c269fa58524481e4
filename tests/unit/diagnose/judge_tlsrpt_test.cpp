#include "diagnose/judge_tlsrpt.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"

using namespace mtasts;

namespace {

using Kind = DnsAnswer::Kind;

DnsAnswer answer(Kind kind) {
  DnsAnswer answer;
  answer.kind = kind;
  return answer;
}

DnsAnswer txt(const std::vector<std::string>& records) {
  DnsAnswer found = answer(Kind::data);
  for (const std::string& record : records)
    found.rdata.push_back(static_cast<char>(record.size()) + record);  // one string: below 256 octets
  return found;
}

// Nothing is wrong with it.
TlsRptFacts good() {
  return {.domain = "a.example",
          .record = txt({"v=TLSRPTv1; rua=mailto:tls@reports.example", "v=spf1 -all"}),
          .hosts = {{.uri = "mailto:tls@reports.example", .fault = ""}},
          .has_policy_or_dane = true};
}

std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> found;
  for (const Finding& finding : judgement.findings) found.emplace_back(finding.code);
  return found;
}

struct Row {
  std::string_view why;
  std::function<void(TlsRptFacts&)> change;
  std::vector<std::string> codes;
  Severity severity;      // of the first finding
  std::string_view says;  // part of its message
};

std::function<void(TlsRptFacts&)> record(std::string text) {
  return [text](TlsRptFacts& f) { f.record = txt({text}); };
}

const std::vector<Row> rows{
    {"601 NXDOMAIN",
     [](TlsRptFacts& f) { f.record = answer(Kind::nxdomain); },
     {"tlsrpt-missing"},
     Severity::warning,
     "there is no TLSRPT record at _smtp._tls.a.example (NXDOMAIN)"},
    {"601 no data",
     [](TlsRptFacts& f) { f.record = answer(Kind::no_data); },
     {"tlsrpt-missing"},
     Severity::warning,
     "(no TXT record)"},
    {"601 a wildcard's SPF",
     record("v=spf1 -all"),
     {"tlsrpt-missing"},
     Severity::warning,
     "other TXT records"},
    {"602 two",
     [](TlsRptFacts& f) {
       f.record = txt({"v=TLSRPTv1; rua=mailto:t@b.example", "v=TLSRPTv1; rua=mailto:u@b.example"});
     },
     {"tlsrpt-multiple"},
     Severity::warning,
     "mailto:u@b.example"},
    {"603 version",
     record("v=TLSRPT1; rua=mailto:t@b.example"),
     {"tlsrpt-version"},
     Severity::warning,
     "must begin v=TLSRPTv1"},
    {"604 ruf",
     record("v=TLSRPTv1; ruf=mailto:t@b.example"),
     {"tlsrpt-rua-missing", "unknown-field"},
     Severity::warning,
     "no field rua"},
    {"605 no scheme",
     record("v=TLSRPTv1; rua=t@b.example"),
     {"tlsrpt-rua-no-scheme"},
     Severity::warning,
     "write mailto:"},
    {"606 http",
     record("v=TLSRPTv1; rua=http://b.example"),
     {"tlsrpt-rua-scheme"},
     Severity::warning,
     "mailto or https"},
    {"607 a size",
     record("v=TLSRPTv1; rua=mailto:t@b.example!10m"),
     {"tlsrpt-rua-syntax"},
     Severity::warning,
     "%21"},
    {"608 instead of 601",
     [](TlsRptFacts& f) {
       f.record = answer(Kind::nxdomain);
       f.elsewhere = {{"_tlsrpt.a.example", answer(Kind::failed)},
                      {"_smtp-tlsrpt.a.example", txt({"v=TLSRPTv1; rua=mailto:t@b.example"})}};
     },
     {"tlsrpt-misplaced"},
     Severity::warning,
     "stands at _smtp-tlsrpt.a.example; senders look for it at _smtp._tls.a.example"},
    {"608 without a policy",
     [](TlsRptFacts& f) {
       f.record = answer(Kind::no_data);
       f.elsewhere = {{"a.example", txt({"v=spf1 -all", "v=TLSRPTv1; rua=mailto:t@b.example"})}};
       f.has_policy_or_dane = false;
     },
     {"tlsrpt-misplaced"},
     Severity::warning,
     "stands at a.example;"},
    {"609",
     [](TlsRptFacts& f) { f.hosts[0].fault = "reports.example: NXDOMAIN"; },
     {"tlsrpt-endpoint-broken"},
     Severity::warning,
     "\"mailto:tls@reports.example\" takes no reports: reports.example: NXDOMAIN"},
    {"610",
     record("v=TLSRPTv1; rua=mailto:t@A.example"),
     {"tlsrpt-same-domain"},
     Severity::info,
     "go only by mail to a.example itself"},
    {"611",
     record("v=TLSRPTv1; rua=mailto:t@b.example; rua=mailto:u@b.example"),
     {"tlsrpt-rua-twice"},
     Severity::warning,
     "the first counts"},
    {"a broken field",
     record("v=TLSRPTv1; x; rua=mailto:t@b.example"),
     {"field-syntax"},
     Severity::warning,
     "\"x\""},
};

const std::vector<std::pair<std::string_view, std::function<void(TlsRptFacts&)>>> silent{
    {"good", [](TlsRptFacts&) {}},
    {"no record, and nothing to report about",
     [](TlsRptFacts& f) {
       f.record = answer(Kind::nxdomain);
       f.has_policy_or_dane = false;
     }},
    {"a second record at another name",
     [](TlsRptFacts& f) { f.elsewhere = {{"a.example", txt({"v=TLSRPTv1; rua=mailto:t@b.example"})}}; }},
    {"other records at other names",
     [](TlsRptFacts& f) { f.elsewhere = {{"a.example", txt({"v=spf1 -all"})}}; }},
    {"one of two at the domain itself", record("v=TLSRPTv1; rua=mailto:t@a.example,https://b.example")},
    {"a host below the domain", record("v=TLSRPTv1; rua=mailto:t@reports.a.example")},
    {"the same domain by https", record("v=TLSRPTv1; rua=https://a.example/tls")},
    {"a host of no URI",
     [](TlsRptFacts& f) { f.hosts = {{.uri = "https://gone.example", .fault = "gone.example: NXDOMAIN"}}; }},
};

}  // namespace

TEST_CASE("each fault of TLSRPT is found, and none is an error", "[diagnose]") {
  for (const Row& row : rows) {
    INFO(row.why);
    TlsRptFacts facts = good();
    row.change(facts);
    Judgement judgement = judge_tlsrpt(facts);
    CHECK(codes(judgement) == row.codes);
    REQUIRE_FALSE(judgement.findings.empty());
    INFO(judgement.findings[0].message);
    CHECK(judgement.findings[0].severity == row.severity);
    CHECK(judgement.findings[0].message.contains(row.says));
    for (const Finding& finding : judgement.findings) {
      CHECK(finding.where.step == "tlsrpt");
      CHECK(finding.severity != Severity::error);
    }
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == (any_fault(judgement.findings) ? StepState::found : StepState::ok));
  }
}

TEST_CASE("what is not a fault of TLSRPT is not reported", "[diagnose]") {
  for (const auto& [why, change] : silent) {
    INFO(why);
    TlsRptFacts facts = good();
    change(facts);
    Judgement judgement = judge_tlsrpt(facts);
    CHECK(codes(judgement).empty());
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == StepState::ok);
  }
  CHECK(judge_tlsrpt(good()).steps[0].words == "v=TLSRPTv1; rua=mailto:tls@reports.example");
}

TEST_CASE("a failed lookup leaves TLSRPT unknown", "[diagnose]") {
  TlsRptFacts facts = good();
  facts.record = answer(Kind::failed);
  facts.record.reason = "timeout after 5 s\x1b";
  facts.elsewhere = {{"a.example", txt({"v=TLSRPTv1; rua=mailto:t@b.example"})}};
  Judgement judgement = judge_tlsrpt(facts);
  CHECK(judgement.findings.empty());
  REQUIRE(judgement.steps.size() == 1);
  CHECK(judgement.steps[0].state == StepState::unknown);
  CHECK(judgement.steps[0].words == "TXT _smtp._tls.a.example: timeout after 5 s\\x1b");
}

TEST_CASE("names where a TLSRPT record is put by mistake", "[diagnose]") {
  auto names = misplaced_tlsrpt_names("a.example");
  for (const char* name : {"a.example", "_smtp-tlsrpt.a.example", "_tlsrpt.a.example", "smtp._tls.a.example",
                           "_smtp.tls.a.example", "_smtp._tls.a.example.a.example"})
    CHECK(std::ranges::find(names, name) != names.end());
  CHECK(std::ranges::find(names, "_smtp._tls.a.example") == names.end());
}
