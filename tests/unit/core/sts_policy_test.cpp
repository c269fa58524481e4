#include "core/sts_policy.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <vector>

using namespace mtasts;

namespace {

bool has(const Findings& findings, std::string_view code) {
  return std::ranges::any_of(findings, [&](const Finding& f) { return f.code == code; });
}

bool has_error(const Findings& findings) {
  return std::ranges::any_of(findings, [](const Finding& f) { return f.severity == Severity::error; });
}

const std::string head = "version: STSv1\nmode: enforce\nmax_age: 604800\n";
const std::string good = head + "mx: mx.example.com\n";

}  // namespace

TEST_CASE("RFC 8461 §3.2: policy bodies that hold", "[core]") {
  struct Row {
    const char* why;
    std::string body;
    Mode mode;
    std::uint32_t max_age;
    std::string mx;
    const char* code;  // a finding that must be there; "" = none at all
  };
  using enum Mode;
  auto row = GENERATE_COPY(values<Row>({
      {"STS-17: LF", good, enforce, 604800, "mx.example.com", ""},
      {"STS-17: CRLF", "version: STSv1\r\nmode: enforce\r\nmx: a.b\r\nmax_age: 604800\r\n", enforce, 604800,
       "a.b", ""},
      {"STS-17: mixed", "version: STSv1\r\nmode: enforce\nmx: a.b\r\nmax_age: 604800\n", enforce, 604800,
       "a.b", ""},
      {"STS-17: last end missing", head + "mx: a.b", enforce, 604800, "a.b", ""},
      {"STS-17: no blank after the colon", "version:STSv1\nmode:testing\nmax_age:604800\nmx:a.b", testing,
       604800, "a.b", "mode-testing"},
      {"STS-17: blanks and tabs after the colon", head + "mx: \t  a.b", enforce, 604800, "a.b", ""},
      {"STS-17: blanks and tabs at line ends", head + "mx: a.b \t\r\n", enforce, 604800, "a.b",
       "trailing-blank"},
      {"STS-18: any order", "mx: a.b\nmax_age: 604800\nmode: enforce\nversion: STSv1\n", enforce, 604800,
       "a.b", ""},
      {"STS-18: testing", "version: STSv1\nmode: testing\nmax_age: 604800\nmx: a.b", testing, 604800, "a.b",
       "mode-testing"},
      {"STS-19: none without mx", "version: STSv1\nmode: none\nmax_age: 604800", none, 604800, "",
       "mode-none"},
      {"STS-19: none with mx", "version: STSv1\nmode: none\nmax_age: 604800\nmx: a.b", none, 604800, "a.b",
       "mode-none"},
      {"STS-20: second mode ignored", good + "mode: none\n", enforce, 604800, "mx.example.com",
       "duplicate-key"},
      {"STS-20: second mode bad", good + "mode: bad\n", enforce, 604800, "mx.example.com", "duplicate-key"},
      {"STS-20: second version ignored", good + "version: STSv2\n", enforce, 604800, "mx.example.com",
       "duplicate-key"},
      {"STS-20: second max_age ignored", good + "max_age: x\n", enforce, 604800, "mx.example.com",
       "duplicate-key"},
      {"STS-21: unknown key", good + "foo.bar_2-x: anything : at = all; {}\n", enforce, 604800,
       "mx.example.com", "unknown-key"},
      {"STS-21: UTF-8 in an unknown value",
       good + "note: gr\xC3\xBC\xC3\x9F"
              "e\n",
       enforce, 604800, "mx.example.com", "unknown-key"},
      {"STS-21: U+0085, U+2028, U+2029 end no line",
       good + "note: a\xC2\x85mode: none\xE2\x80\xA8mx: x\xE2\x80\xA9y: z\n", enforce, 604800,
       "mx.example.com", "unknown-key"},
      {"STS-21: BOM inside an unknown value",
       good + "note: a\xEF\xBB\xBF"
              "b\n",
       enforce, 604800, "mx.example.com", "unknown-key"},
      {"STS-21: unknown key without a value", good + "note:\n", enforce, 604800, "mx.example.com",
       "unknown-key"},
      {"STS-21: Mode in upper case is unknown", good + "Mode: none\n", enforce, 604800, "mx.example.com",
       "misspelt-key"},
      {"STS-21: max-age is unknown", good + "max-age: 1\n", enforce, 604800, "mx.example.com",
       "misspelt-key"},
      {"STS-22: 0", "version: STSv1\nmode: enforce\nmax_age: 0\nmx: a.b", enforce, 0, "a.b", "max-age-short"},
      {"STS-22: leading zeros", "version: STSv1\nmode: enforce\nmax_age: 0000604800\nmx: a.b", enforce,
       604800, "a.b", ""},
      {"STS-22: the largest", "version: STSv1\nmode: enforce\nmax_age: 31557600\nmx: a.b", enforce, 31557600,
       "a.b", ""},
      {"STS-22: one more is clamped", "version: STSv1\nmode: enforce\nmax_age: 31557601\nmx: a.b", enforce,
       31557600, "a.b", "max-age-clamped"},
      {"STS-22: above 32 bits is clamped", "version: STSv1\nmode: enforce\nmax_age: 9999999999\nmx: a.b",
       enforce, 31557600, "a.b", "max-age-clamped"},
      {"STS-22: 2 to the 32nd is clamped", "version: STSv1\nmode: enforce\nmax_age: 4294967296\nmx: a.b",
       enforce, 31557600, "a.b", "max-age-clamped"},
      {"STS-23: several mx", head + "mx: b.example\nmx: *.a.example\n", enforce, 604800,
       "b.example\n*.a.example", ""},
      {"STS-23: upper case", head + "mx: *.MX.Example\n", enforce, 604800, "*.mx.example", ""},
      {"STS-23: twice", head + "mx: a.b\nmx: A.B\nmx: *.b\nmx: a.b\n", enforce, 604800, "a.b\n*.b",
       "duplicate-mx"},
      {"STS-23: an address beside a name", head + "mx: 192.0.2.1\nmx: a.b\n", enforce, 604800, "a.b",
       "mx-address"},
      {"STS-23: a wildcard before an address", head + "mx: a.b\nmx: *.192.0.2.1\n", enforce, 604800, "a.b",
       "mx-address"},
      {"STS-23: addresses alone", head + "mx: 192.0.2.1\nmx: 192.0.2.2\n", enforce, 604800, "", "no-host"},
      {"STS-24: blank lines", "\n\n" + head + "\r\n \t \nmx: a.b\n\n\n", enforce, 604800, "a.b",
       "blank-line"},
      {"PFX-30: a word of Postfix", head + "mx: hostname\nmx: a.b\n", enforce, 604800, "hostname\na.b",
       "mx-keyword"},
  }));
  INFO(row.why);
  PolicyLint lint = lint_policy(row.body);
  REQUIRE(lint.policy);
  CHECK_FALSE(has_error(lint.findings));
  CHECK(lint.policy->mode == row.mode);
  CHECK(lint.policy->max_age == row.max_age);
  CHECK(lint.policy->mx.text() == row.mx);
  if (*row.code == '\0') CHECK(lint.findings.empty());
  if (*row.code != '\0') CHECK(has(lint.findings, row.code));
}

TEST_CASE("RFC 8461 §3.2: policy bodies that do not hold", "[core]") {
  struct Row {
    const char* why;
    std::string body;
    const char* code;
  };
  auto with = [](std::string version, std::string mode, std::string max_age, std::string mx) {
    return version + "\n" + mode + "\n" + max_age + "\n" + mx + "\n";
  };
  const std::string v = "version: STSv1", m = "mode: enforce", a = "max_age: 604800", x = "mx: a.example";
  auto row = GENERATE_COPY(values<Row>({
      {"STS-17: blank before the colon", with(v, "mode : enforce", a, x), "no-key"},
      {"STS-17: equals sign", with(v, "mode=enforce", a, x), "no-key"},
      {"STS-18: version in lower case", with("version: stsv1", m, a, x), "version-wrong"},
      {"STS-18: Version", with("Version: STSv1", m, a, x), "version-missing"},
      {"STS-18: version 2", with("version: STSv2", m, a, x), "version-wrong"},
      {"STS-18: version empty", with("version:", m, a, x), "version-wrong"},
      {"STS-18: mode in upper case", with(v, "mode: Enforce", a, x), "mode-unknown"},
      {"STS-18: mode report of the draft", with(v, "mode: report", a, x), "mode-unknown"},
      {"STS-18: mode with a semicolon", with(v, "mode: enforce;", a, x), "mode-unknown"},
      {"STS-18: mode in quotes", with(v, "mode: \"enforce\"", a, x), "mode-unknown"},
      {"STS-18: two modes on a line", with(v, "mode: enforce none", a, x), "mode-unknown"},
      {"STS-18: mode empty", with(v, "mode: ", a, x), "mode-unknown"},
      {"STS-19: version missing", with("", m, a, x), "version-missing"},
      {"STS-19: mode missing", with(v, "", a, x), "mode-missing"},
      {"STS-19: max_age missing", with(v, m, "", x), "max-age-missing"},
      {"STS-19: mx missing, enforce", with(v, m, a, ""), "mx-missing"},
      {"STS-19: mx missing, testing", with(v, "mode: testing", a, ""), "mx-missing"},
      {"STS-20: the first mode is bad", with(v, "mode: x\nmode: enforce", a, x), "mode-unknown"},
      {"STS-20: the first version is bad", with("version: STSv2\nversion: STSv1", m, a, x), "version-wrong"},
      {"STS-20: the first max_age is bad", with(v, m, "max_age: x\nmax_age: 1", x), "max-age-syntax"},
      {"STS-21: control in an unknown value",
       good + "note: a\x01"
              "b\n",
       "control-character"},
      {"STS-21: tab inside an unknown value", good + "note: a\tb\n", "control-character"},
      {"STS-21: DEL in an unknown value", good + "note: a\x7F\n", "control-character"},
      {"STS-21: NUL in an unknown value", good + std::string("note: a\0\n", 9), "control-character"},
      {"STS-21: form feed", good + "\f\n", "control-character"},
      {"STS-21: invalid UTF-8 in an unknown value", good + "note: \xFF\n", "not-utf8"},
      {"STS-21: Latin-1",
       good + "note: gr\xFC\xDF"
              "e\n",
       "not-utf8"},
      {"STS-21: over-long UTF-8", good + "note: \xC0\x8A\n", "not-utf8"},
      {"STS-21: key of 33", good + std::string(33, 'k') + ": x\n", "no-key"},
      {"STS-21: key with a blank", good + "my note: x\n", "no-key"},
      {"STS-21: key with a bad character", good + "note!: x\n", "no-key"},
      {"STS-21: no key before the colon", good + ": x\n", "no-key"},
      {"STS-22: eleven digits", with(v, m, "max_age: 00000604800", x), "max-age-syntax"},
      {"STS-22: negative", with(v, m, "max_age: -1", x), "max-age-syntax"},
      {"STS-22: plus sign", with(v, m, "max_age: +604800", x), "max-age-syntax"},
      {"STS-22: unit", with(v, m, "max_age: 604800s", x), "max-age-syntax"},
      {"STS-22: fraction", with(v, m, "max_age: 604800.0", x), "max-age-syntax"},
      {"STS-22: blank inside", with(v, m, "max_age: 604 800", x), "max-age-syntax"},
      {"STS-22: empty", with(v, m, "max_age:", x), "max-age-syntax"},
      {"STS-22: far beyond 64 bits", with(v, m, "max_age: " + std::string(40, '9'), x), "max-age-syntax"},
      {"STS-23: asterisk", with(v, m, a, "mx: *"), "mx-syntax"},
      {"STS-23: asterisk and dot", with(v, m, a, "mx: *."), "mx-syntax"},
      {"STS-23: asterisk in a label", with(v, m, a, "mx: a*.b"), "mx-syntax"},
      {"STS-23: address literal", with(v, m, a, "mx: [192.0.2.1]"), "mx-syntax"},
      {"STS-23: IPv6 address", with(v, m, a, "mx: 2001:db8::1"), "mx-syntax"},
      {"STS-23: U-label", with(v, m, a, "mx: m\xC3\xB8x.example"), "mx-syntax"},
      {"STS-23: underscore", with(v, m, a, "mx: _mx.example"), "mx-syntax"},
      {"STS-23: port", with(v, m, a, "mx: a.example:25"), "mx-syntax"},
      {"STS-23: two on a line", with(v, m, a, "mx: a.example, b.example"), "mx-syntax"},
      {"STS-23: final dot", with(v, m, a, "mx: a.example."), "mx-syntax"},
      {"STS-23: leading dot", with(v, m, a, "mx: .example"), "mx-syntax"},
      {"STS-23: URL", with(v, m, a, "mx: smtp://a.example"), "mx-syntax"},
      {"STS-23: mail address", with(v, m, a, "mx: a@example"), "mx-syntax"},
      {"STS-23: empty", with(v, m, a, "mx:"), "mx-syntax"},
      {"STS-23: a bad one beside a good one", with(v, m, a, "mx: a.example\nmx: *"), "mx-syntax"},
      {"STS-23: a bad one in mode none", with(v, "mode: none", a, "mx: *"), "mx-syntax"},
      {"PFX-9: attribute in mx", with(v, m, a, "mx: a.example servername=x"), "mx-syntax"},
      {"PFX-9: braces in mx", with(v, m, a, "mx: { a.example }"), "mx-syntax"},
      {"STS-24: empty", "", "empty"},
      {"STS-24: blank lines only", "\r\n\n \n", "empty"},
      {"STS-24: BOM", "\xEF\xBB\xBF" + good, "byte-order-mark"},
      {"STS-24: UTF-16", std::string("\xFF\xFEv\0e\0r\0", 8), "not-utf8"},
      {"STS-24: garbage line", good + "garbage\n", "no-key"},
      {"STS-24: comment", "# our policy\n" + good, "no-key"},
      {"STS-24: HTML", "<!DOCTYPE html>\n<html>\n", "no-key"},
      {"STS-24: leading blank", with(" version: STSv1", m, a, x), "leading-blank"},
      {"STS-24: leading tab", with(v, "\tmode: enforce", a, x), "leading-blank"},
      {"STS-24: folded line", with(v, m, a, "mx: a.example\n b.example"), "leading-blank"},
      {"STS-24: lone CR", "version: STSv1\rmode: enforce\rmax_age: 604800\rmx: a.b\r", "lone-cr"},
      {"STS-24: CR CR LF", v + "\r\r\n" + m + "\n" + a + "\n" + x, "lone-cr"},
      {"STS-24: CR at the very end", v + "\n" + m + "\n" + a + "\n" + x + "\r", "lone-cr"},
      {"STS-24: LF CR", v + "\n\r" + m + "\n" + a + "\n" + x, "lone-cr"},
      {"STS-24: NUL between lines", std::string("\0", 1) + good, "control-character"},
      {"STS-13: above 64 KiB", good + "note: " + std::string(max_policy_bytes, 'x'), "too-large"},
  }));
  INFO(row.why);
  PolicyLint lint = lint_policy(row.body);
  CHECK_FALSE(lint.policy);
  CHECK(has_error(lint.findings));
  CHECK(has(lint.findings, row.code));
  for (const Finding& finding : lint.findings) {
    CHECK(finding.message.size() < 400);
    CHECK(std::ranges::all_of(finding.message, [](char c) { return c >= 0x20 && c <= 0x7E; }));
  }
}

TEST_CASE("STS-13: 64 KiB is the largest policy", "[core]") {
  std::string body = good + "note: ";
  body.append(max_policy_bytes - body.size(), 'x');
  CHECK(lint_policy(body).policy);
  CHECK_FALSE(lint_policy(body + "x").policy);
}

TEST_CASE("1000 mx values are the most, duplicates not counted", "[core]") {
  std::string body = head;
  for (int i = 0; i < 1000; ++i) body += "mx: m" + std::to_string(i) + ".example\n";
  CHECK(lint_policy(body + "mx: M1.example\n").policy);
  PolicyLint lint = lint_policy(body + "mx: m1000.example\n");
  CHECK_FALSE(lint.policy);
  CHECK(has(lint.findings, "too-many-mx"));
}

TEST_CASE("STS-23: an mx that looks like an address is left out of the policy's lines", "[core]") {
  PolicyLint lint = lint_policy("version: STSv1\nmode: enforce\nmx: 192.0.2.1\nmx: MX.example\nmax_age: 1\n");
  REQUIRE(lint.policy);
  CHECK(lint.policy->lines == "version: STSv1\nmode: enforce\nmx: MX.example\nmax_age: 1");
  CHECK(lint.mx == std::vector<std::string>{"192.0.2.1", "mx.example"});
}

TEST_CASE("the lines of a policy are kept as served, without blank ones and blanks at ends", "[core]") {
  PolicyLint lint =
      lint_policy("version: STSv1 \r\n\r\nmx:\tMX.example\nfoo: {b\xC3\xA4r}\nmode:enforce\t\n max_age: 1");
  CHECK_FALSE(lint.policy);
  lint = lint_policy("version: STSv1 \r\n\r\nmx:\tMX.example\nfoo: {b\xC3\xA4r}\nmode:enforce\t\nmax_age: 1");
  REQUIRE(lint.policy);
  CHECK(lint.policy->lines == "version: STSv1\nmx:\tMX.example\nfoo: {b\xC3\xA4r}\nmode:enforce\nmax_age: 1");
}

TEST_CASE("what could be read is reported, also from an invalid body", "[core]") {
  PolicyLint lint =
      lint_policy("version: STSv1\nmode: Enforce\nmode: none\nmax_age: 1d\nmx: MX.example\nmx: m\xC3\xB8x\n");
  CHECK_FALSE(lint.policy);
  CHECK(lint.version == "STSv1");
  CHECK(lint.mode == "Enforce");
  CHECK(lint.max_age == "1d");
  CHECK(lint.mx == std::vector<std::string>{"mx.example", "m\\xc3\\xb8x"});
}

TEST_CASE("findings on policies stay few, and no error is left out", "[core]") {
  std::string body;
  for (int i = 0; i < 5000; ++i) body += "x: y\n";
  for (int i = 0; i < 2000; ++i) body += "mx: *\n";
  PolicyLint lint = lint_policy(body);
  CHECK_FALSE(lint.policy);
  CHECK(has_error(lint.findings));
  CHECK(lint.findings.size() <= 100);
  CHECK(lint.mx.size() <= 100);
}

TEST_CASE("findings name the line and the fault", "[core]") {
  struct Row {
    const char *line, *want;
  };
  auto row = GENERATE(values<Row>({
      {"mx: a.example, b.example", "line 4: mx \"a.example, b.example\": write one name on each line"},
      {"mx: m\xC3\xB8x.example", "A-labels"},
      {"mx: https://a.example", "not a URL"},
      {"mx: a.example:25", "without a port or brackets"},
      {"mx: .example", "a leading dot"},
      {"mx: a.example.", "a final dot"},
      {"mx: mx*.example", "the whole first label"},
      {"mx: 192.0.2.1", "line 4: mx \"192.0.2.1\" looks like an IP address and matches no host"},
      {"mx: [192.0.2.1]", "without a port or brackets"},
      {"a2345678901234567890123456789012: x", "unknown key"},
      {"a23456789012345678901234567890123: x",
       "line 4: the key \"a23456789012345678901234567890123\" has 33 characters; at most 32 are allowed"},
      {"a b: x", "does not begin with a key"},
      {"mx: a_b.example", "not a host name"},
      {"max-age: 5", "line 4: unknown key \"max-age\" is ignored; did you mean max_age?"},
      {"mxs: a.b", "did you mean mx?"},
  }));
  PolicyLint lint = lint_policy(head + row.line);
  INFO(row.line);
  CHECK(std::ranges::any_of(lint.findings,
                            [&](const Finding& f) { return f.message.find(row.want) != std::string::npos; }));
}

TEST_CASE("modes and their words", "[core]") {
  for (Mode mode : {Mode::none, Mode::testing, Mode::enforce}) CHECK(mode_of(words(mode)) == mode);
  CHECK_FALSE(mode_of(""));
  CHECK_FALSE(mode_of("Enforce"));
  CHECK_FALSE(mode_of("enforce "));
}

TEST_CASE("findings about a policy say which line they are about", "[core]") {
  struct Row {
    std::string body;
    const char* code;
    unsigned line;  // 0: none
  };
  auto row = GENERATE_COPY(values<Row>({
      {good + "mx: a_b\n", "mx-syntax", 5},
      {head + "\r\nmx: a.b", "blank-line", 4},
      {head + "# x\nmx: a.b", "no-key", 4},
      {"version: STSv1\nmax_age: 60\nmode: testing\nmx: a.b\nx: y\n", "mode-testing", 3},
      {"version: STSv1\nmax_age: 60\nmode: testing\nmx: a.b\nx: y\n", "max-age-short", 2},
      {"version: STSv1\nmode: none\nmax_age: 604800\n", "mode-none", 2},
      {head, "mx-missing", 0},
      {"mode: none\nmax_age: 604800\n", "version-missing", 0},
      {"", "empty", 0},
      {"\xEF\xBB\xBF" + good, "byte-order-mark", 1},
      {head + "x: \xFF\n", "not-utf8", 4},
      {head + "x: \x01\n", "control-character", 4},
      {head + "x: a\tb\n", "control-character", 4},
      {head + "x: a\rb\n", "lone-cr", 4},
      {std::string(70'000, 'x'), "too-large", 0},
  }));
  INFO(row.code);
  auto findings = lint_policy(row.body).findings;
  auto found = std::ranges::find(findings, row.code, &Finding::code);
  REQUIRE(found != findings.end());
  CHECK(found->where.line == row.line);
}
