#include "diagnose/judge_policy.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/sts_policy.hpp"
#include "core/text.hpp"

using namespace mtasts;

namespace {

const std::string head = "version: STSv1\nmode: enforce\nmax_age: 2592000\n";
const std::string good = head + "mx: mx.a.example\nmx: *.mail.example\n";

PolicyTextFacts facts(std::string body) { return {.domain = "a.example", .body = std::move(body)}; }

std::string with(std::string_view old, std::string_view text) {
  std::string body = good;
  return body.replace(body.find(old), old.size(), text);
}

std::string codes(const Judgement& judgement) {
  std::string found;
  for (const Finding& finding : judgement.findings)
    found.append(found.empty() ? "" : " ").append(finding.code);
  return found;
}

std::vector<std::string> sorted(const std::string& joined) {
  std::istringstream stream(joined);
  std::vector<std::string> list{std::istream_iterator<std::string>(stream), {}};
  std::ranges::sort(list);
  return list;
}

struct Row {
  const char* why;
  std::string body;
  std::string codes;  // in any order
  const char* code;   // the one that the rest is about
  Severity severity;
  unsigned line;
  std::string says;  // part of its message
  std::string evidence;
};

constexpr auto error = Severity::error, warning = Severity::warning, info = Severity::info;

const std::vector<Row> rows{
    {"301 empty", "", "empty", "empty", error, 0, "", ""},
    {"302 version", with("STSv1", "STSv2"), "version-wrong", "version-wrong", error, 1, "", "version: STSv2"},
    {"303 missing", with("mode: enforce\n", ""), "mode-missing", "mode-missing", error, 0, "", ""},
    {"303 upper case", with("enforce", "Enforce"), "mode-unknown", "mode-unknown", error, 2,
     "testing or none; did you mean enforce?", "mode: Enforce"},
    {"303 enforced", with("enforce", "enforced"), "mode-unknown", "mode-unknown", error, 2,
     "did you mean enforce?", ""},
    {"303 report", with("enforce", "report"), "mode-unknown", "mode-unknown", error, 2,
     "did you mean testing?", ""},
    {"303 test", with("enforce", "TEST"), "mode-unknown", "mode-unknown", error, 2, "did you mean testing?",
     ""},
    {"303 off", with("enforce", "off"), "mode-unknown", "mode-unknown", error, 2, "did you mean none?", ""},
    {"304", with("enforce", "testing"), "mode-testing", "mode-testing", warning, 2, "only reported",
     "mode: testing"},
    {"305", with("enforce", "none"), "mode-none", "mode-none", warning, 2, "", "mode: none"},
    {"306", with("2592000", "30d"), "max-age-syntax", "max-age-syntax", error, 3, "", "max_age: 30d"},
    {"307", with("2592000", "31557601"), "max-age-clamped", "max-age-clamped", warning, 3, "", ""},
    {"308", with("2592000", "3600"), "max-age-short", "max-age-short", warning, 3, "", "max_age: 3600"},
    {"309", with("2592000", "86400"), "max-age-below-two-weeks", "max-age-below-two-weeks", info, 3,
     "line 3: max_age 86400 is below two weeks (1209600 seconds)", "max_age: 86400"},
    {"309 the last second", with("2592000", "1209599"), "max-age-below-two-weeks", "max-age-below-two-weeks",
     info, 3, "", ""},
    {"310", head, "mx-missing", "mx-missing", error, 0, "", ""},
    {"311", with("mx: mx.a.example", "mx: mx_a"), "mx-syntax", "mx-syntax", error, 4, "", "mx: mx_a"},
    {"312", with("mx.a.example", "m\xC3\xB8x.example"), "mx-syntax mx-u-label", "mx-u-label", error, 4,
     "line 4: mx \"m\\xc3\\xb8x.example\" has the octets \\xc3\\xb8 outside of ASCII; write the A-label form",
     "mx: m\\xc3\\xb8x.example"},
    {"313", with("mx.a.example", "192.0.2.1"), "mx-address", "mx-address", warning, 4, "", ""},
    {"316", with("max_age", "max-age"), "misspelt-key max-age-missing", "misspelt-key", warning, 3, "",
     "max-age: 2592000"},
    {"317", "# it's MTA-STS\n" + good, "no-key", "no-key", error, 1, "", "# it's MTA-STS"},
    {"318 in CRLF", with("2592000\n", "2592000\r\n\r\n"), "blank-line", "blank-line", warning, 4, "", ""},
    {"320", "\xEF\xBB\xBF" + good, "byte-order-mark", "byte-order-mark", error, 1, "", ""},
    {"323 = in one line", with("mode: ", "mode="), "no-key mode-missing stray-punctuation",
     "stray-punctuation", error, 2, "write \":\" instead of the \"=\" at column 5", "mode=enforce"},
    {"323 = with a URI", with("mode: enforce", "mode = enforce:"), "no-key mode-missing stray-punctuation",
     "stray-punctuation", error, 2, "at column 6", ""},
    {"323 quoted value", with("enforce", "\"enforce\""), "mode-unknown stray-punctuation",
     "stray-punctuation", error, 2, "line 2: remove the quotation mark at column 7", "mode: \"enforce\""},
    {"323 quoted value: the mode", with("enforce", "\"enforce\""), "mode-unknown stray-punctuation",
     "mode-unknown", error, 2, "did you mean enforce?", ""},
    {"323 JSON", with("mode: enforce", "\"mode\": \"enforce\","), "no-key mode-missing stray-punctuation",
     "stray-punctuation", error, 2, "quotation mark at column 1", ""},
    {"323 curly quotes", with("STSv1", "\xE2\x80\x9CSTSv1\xE2\x80\x9D"), "version-wrong stray-punctuation",
     "stray-punctuation", error, 1, "at column 10", ""},
    {"323 semicolon", with("2592000", "2592000; "), "trailing-blank max-age-syntax stray-punctuation",
     "stray-punctuation", error, 3, "remove the \";\" at the end", ""},
    {"323 comma", with("mx.a.example", "mx.a.example,"), "mx-syntax stray-punctuation", "stray-punctuation",
     error, 4, "remove the \",\" at the end", "mx: mx.a.example,"},
    {"325 a top-level domain", with("*.mail.example", "*.COM"), "wildcard-too-broad", "wildcard-too-broad",
     info, 5, "*.com covers the hosts of everybody below com", "mx: *.COM"},
    {"325 a registry", with("*.mail.example", "*.co.uk"), "wildcard-too-broad", "wildcard-too-broad", info, 5,
     "", ""},
    {"325 a provider", with("*.mail.example", "*.outlook.com"), "wildcard-too-broad", "wildcard-too-broad",
     info, 5, "below outlook.com", ""},
};

const std::vector<std::pair<const char*, std::string>> silent{
    {"good", good},
    {"CRLF", "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmax_age: 1209600\r\n"},
    {"mixed line ends", "version: STSv1\r\nmode: enforce\nmx: a.example\r\nmax_age: 1209600"},
    {"version last", "mode: enforce\nmx: a.example\nmax_age: 1209600\nversion: STSv1\n"},
    {"upper case", with("mx.a.example", "MX.A.EXAMPLE")},
    {"a tenant of a provider", with("mx.a.example", "*.mail.protection.outlook.com")},
    {"a host of a provider", with("mx.a.example", "a.outlook.com")},
};

Judgement with_cache(std::string id, std::string lines, std::string record_id = "1") {
  PolicyTextFacts asked = facts(good);
  asked.record_id = std::move(record_id);
  asked.cached = {.id = std::move(id), .lines = std::move(lines), .expires = Time(std::chrono::days(20'000))};
  return judge_policy(asked);
}

const std::string good_lines = lint_policy(good).policy.value().lines;
const std::string old_lines = "version: STSv1\nmode: enforce\nmx: old.example\nmax_age: 2592000";

}  // namespace

TEST_CASE("each fault of a policy's text is found where it is", "[diagnose]") {
  for (const Row& row : rows) {
    INFO(row.why);
    Judgement judgement = judge_policy(facts(row.body));
    CHECK(sorted(codes(judgement)) == sorted(row.codes));
    auto found = std::ranges::find(judgement.findings, row.code, &Finding::code);
    REQUIRE(found != judgement.findings.end());
    INFO(found->message);
    CHECK(found->severity == row.severity);
    CHECK(found->where.step == "policy");
    CHECK(found->where.line == row.line);
    CHECK(found->message.contains(row.says));
    if (!row.evidence.empty()) CHECK(found->evidence == row.evidence);
    for (const Finding& each : judgement.findings)
      CHECK(std::ranges::all_of(each.message + each.evidence, is_printable));
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == (any_fault(judgement.findings) ? StepState::found : StepState::ok));
  }
}

TEST_CASE("what is not a fault of a policy's text is not reported", "[diagnose]") {
  for (const auto& [why, body] : silent) {
    INFO(why);
    Judgement judgement = judge_policy(facts(body));
    CHECK(codes(judgement).empty());
    CHECK(judgement.steps.at(0).state == StepState::ok);
  }
  CHECK(judge_policy(facts(good)).steps.at(0).words == "mode enforce, 2 mx, max_age 2592000");
  CHECK(codes(judge_policy(facts(good + "note: gr\xC3\xBC\xC3\x9F;\"\n"))) == "unknown-key");
}

TEST_CASE("a short max_age is advice only where it is enforced, and not said twice", "[diagnose]") {
  CHECK(codes(judge_policy(facts(with("2592000", "86399")))) == "max-age-short");
  CHECK(codes(judge_policy(facts("version: STSv1\nmode: testing\nmax_age: 86400\nmx: a.example\n"))) ==
        "mode-testing");
}

TEST_CASE("a policy that was not fetched is not judged", "[diagnose]") {
  Judgement judgement = judge_policy({.domain = "a.example"});
  CHECK(judgement.findings.empty());
  REQUIRE(judgement.steps.size() == 1);
  CHECK(judgement.steps[0].step == "policy");
  CHECK(judgement.steps[0].state == StepState::not_asked);
}

TEST_CASE("326, 327: the id of the record and the policy change together", "[diagnose]") {
  Judgement stale = with_cache("1", old_lines);
  CHECK(codes(stale) == "id-unchanged");
  CHECK(stale.findings.at(0).severity == warning);
  CHECK(stale.findings.at(0).message.contains("the id is still \"1\""));
  CHECK(stale.findings.at(0).message.contains("at the latest until 2024-10-04T00:00:00Z"));
  Judgement idle = with_cache("0", good_lines);
  CHECK(codes(idle) == "policy-unchanged");
  CHECK(idle.findings.at(0).severity == info);
  CHECK(idle.findings.at(0).message.contains("from \"0\" to \"1\""));
  CHECK(codes(with_cache("1", good_lines)).empty());
  CHECK(codes(with_cache("0", old_lines)).empty());
  CHECK(codes(with_cache("1", old_lines, "")).empty());
}

TEST_CASE("a hostile policy causes few findings", "[diagnose]") {
  std::string body = head;
  for (int i = 0; i < 900; ++i) body += "mx: *.t" + std::to_string(i) + "x\n";
  CHECK(judge_policy(facts(body)).findings.size() <= 20);
  std::string quoted;
  for (int i = 0; i < 5000; ++i) quoted += "mx: \"a\xC3\xB8\"\n";
  CHECK(judge_policy(facts(quoted)).findings.size() <= 250);
}
