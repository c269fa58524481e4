#include "core/tlsrpt.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <vector>

#include "core/text.hpp"

using namespace mtasts;

namespace {

using enum TxtVerdict;

std::string codes(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) text.append(text.empty() ? "" : " ").append(finding.code);
  return text;
}

std::string joined(const std::vector<std::string>& uris) {
  std::string text;
  for (const std::string& uri : uris) text.append(text.empty() ? "" : " ").append(uri);
  return text;
}

const std::string& only_message(const TlsRptLint& lint) {
  REQUIRE(lint.findings.size() == 1);
  return lint.findings[0].message;
}

TlsRptLint lint(std::vector<std::string> records) { return lint_tlsrpt(records); }

}  // namespace

TEST_CASE("RFC 8460 §3: one TLSRPT record", "[core]") {
  struct Row {
    const char* why;
    std::string record;
    TxtVerdict want;
    std::string uris;  // joined with blanks, if valid
    std::string codes;
  };
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"mailto", "v=TLSRPTv1;rua=mailto:tls@a.example", valid, "mailto:tls@a.example", ""},
      {"https", "v=TLSRPTv1; rua=https://a.example/tls;", valid, "https://a.example/tls", ""},
      {"both, blanks around the comma", "v=TLSRPTv1; rua=mailto:t@a.example \t, https://b.example", valid,
       "mailto:t@a.example https://b.example", ""},
      {"blanks and tabs around the delimiter", "v=TLSRPTv1 \t ; \t rua=mailto:t@a.example \t ;", valid,
       "mailto:t@a.example", ""},
      {"blanks after the last delimiter", "v=TLSRPTv1; rua=mailto:t@a.example; ", valid, "mailto:t@a.example",
       ""},
      {"a scheme in upper case", "v=TLSRPTv1; rua=MAILTO:t@a.example", valid, "MAILTO:t@a.example", ""},
      {"a subject", "v=TLSRPTv1; rua=mailto:t@a.example?subject=x", valid, "mailto:t@a.example?subject=x",
       ""},
      {"percent-encoded", "v=TLSRPTv1; rua=mailto:t%21x@a.example", valid, "mailto:t%21x@a.example", ""},
      {"port, user, query", "v=TLSRPTv1; rua=https://u:p@a.example:8443/x?y=z#f", valid,
       "https://u:p@a.example:8443/x?y=z#f", ""},
      {"an address as host", "v=TLSRPTv1; rua=https://192.0.2.1/,https://[2001:db8::1]:443/", valid,
       "https://192.0.2.1/ https://[2001:db8::1]:443/", ""},
      {"unknown field", "v=TLSRPTv1; x-y.z_1=!,; rua=mailto:t@a.example", valid, "mailto:t@a.example",
       "unknown-field"},
      {"unknown field at the end", "v=TLSRPTv1; rua=mailto:t@a.example; x=y", valid, "mailto:t@a.example",
       "unknown-field"},
      {"empty field", "v=TLSRPTv1;; rua=mailto:t@a.example", valid, "mailto:t@a.example", "empty-field"},
      {"blank at the end", "v=TLSRPTv1; rua=mailto:t@a.example ", valid, "mailto:t@a.example",
       "trailing-blank"},
      {"another scheme beside a good one", "v=TLSRPTv1; rua=ftp://a.example,mailto:t@a.example", valid,
       "mailto:t@a.example", "tlsrpt-rua-scheme"},
      {"611", "v=TLSRPTv1; rua=mailto:t@a.example; rua=mailto:u@a.example", valid, "mailto:t@a.example",
       "tlsrpt-rua-twice"},

      {"603: other case", "v=tlsrptv1; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: V", "V=TLSRPTv1; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: a letter is missing", "v=TLSRPT1; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: a later version", "v=TLSRPTv2; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: it goes on", "v=TLSRPTv10; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: a hyphen", "v=TLS-RPTv1; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: blanks", "v = TLSRPTv1; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: a comma", "v=TLSRPTv1, rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: bare", "v=TLSRPTv1", none, "", "tlsrpt-version"},
      {"603: leading blank", " v=TLSRPTv1; rua=mailto:t@a.example", none, "", "tlsrpt-version"},
      {"603: quotes", "\"v=TLSRPTv1; rua=mailto:t@a.example\"", none, "", "tlsrpt-version"},
      {"603: not first", "rua=mailto:t@a.example; v=TLSRPTv1", none, "", "tlsrpt-version"},
      {"unrelated", "v=spf1 -all", none, "", ""},
      {"unrelated: MTA-STS", "v=STSv1; id=1", none, "", ""},
      {"unrelated: empty", "", none, "", ""},

      {"604: nothing", "v=TLSRPTv1;", invalid, "", "tlsrpt-rua-missing"},
      {"604: ruf", "v=TLSRPTv1; ruf=mailto:t@a.example", invalid, "", "tlsrpt-rua-missing unknown-field"},
      {"604: RUA", "v=TLSRPTv1; RUA=mailto:t@a.example", invalid, "", "tlsrpt-rua-missing unknown-field"},
      {"605", "v=TLSRPTv1; rua=tls@a.example", invalid, "", "tlsrpt-rua-no-scheme"},
      {"605 beside a good one", "v=TLSRPTv1; rua=mailto:t@a.example,u@a.example", invalid, "",
       "tlsrpt-rua-no-scheme"},
      {"606: http", "v=TLSRPTv1; rua=http://a.example/", invalid, "", "tlsrpt-rua-scheme"},
      {"606: mail", "v=TLSRPTv1; rua=mail:t@a.example", invalid, "", "tlsrpt-rua-scheme"},
      {"606: none", "v=TLSRPTv1; rua=a.example/tls", invalid, "", "tlsrpt-rua-scheme"},
      {"607: a size", "v=TLSRPTv1; rua=mailto:t@a.example!10m", invalid, "", "tlsrpt-rua-syntax"},
      {"607: a size beside a good one", "v=TLSRPTv1; rua=https://a.example,mailto:t@a.example!10m", invalid,
       "", "tlsrpt-rua-syntax"},
      {"607: blank within", "v=TLSRPTv1; rua=mailto:t@a.example mailto:u@a.example", invalid, "",
       "tlsrpt-rua-syntax"},
      {"607: blank before", "v=TLSRPTv1; rua= mailto:t@a.example", invalid, "", "tlsrpt-rua-syntax"},
      {"607: semicolon", "v=TLSRPTv1; rua=mailto:t@a.example; mailto:u@a.example", invalid, "",
       "tlsrpt-rua-syntax"},
      {"607: empty", "v=TLSRPTv1; rua=", invalid, "", "tlsrpt-rua-syntax"},
      {"607: empty after a comma", "v=TLSRPTv1; rua=mailto:t@a.example,", invalid, "", "tlsrpt-rua-syntax"},
      {"607: no address", "v=TLSRPTv1; rua=mailto:", invalid, "", "tlsrpt-rua-syntax"},
      {"607: no domain", "v=TLSRPTv1; rua=mailto:tls@", invalid, "", "tlsrpt-rua-syntax"},
      {"607: no at sign", "v=TLSRPTv1; rua=mailto:a.example", invalid, "", "tlsrpt-rua-syntax"},
      {"607: slashes", "v=TLSRPTv1; rua=mailto://t@a.example", invalid, "", "tlsrpt-rua-syntax"},
      {"607: two at signs", "v=TLSRPTv1; rua=mailto:t@a@a.example", invalid, "", "tlsrpt-rua-syntax"},
      {"607: angle brackets", "v=TLSRPTv1; rua=mailto:<t@a.example>", invalid, "", "tlsrpt-rua-syntax"},
      {"607: no slashes", "v=TLSRPTv1; rua=https:a.example", invalid, "", "tlsrpt-rua-syntax"},
      {"607: no host", "v=TLSRPTv1; rua=https:///x", invalid, "", "tlsrpt-rua-syntax"},
      {"607: no host name", "v=TLSRPTv1; rua=https://a..example/x", invalid, "", "tlsrpt-rua-syntax"},
      {"607: not ASCII", "v=TLSRPTv1; rua=mailto:t@\xC3\xA4.example", invalid, "", "tlsrpt-rua-syntax"},
      {"a field without =", "v=TLSRPTv1; x; rua=mailto:t@a.example", invalid, "", "field-syntax"},
      {"a blank before =", "v=TLSRPTv1; rua =mailto:t@a.example", invalid, "",
       "field-syntax tlsrpt-rua-missing"},
      {"an empty value", "v=TLSRPTv1; x=; rua=mailto:t@a.example", invalid, "", "field-syntax"},
  }));
  INFO(row.why << ": " << row.record);
  auto got = lint({row.record});
  CHECK(got.verdict == row.want);
  CHECK(joined(got.uris) == row.uris);
  CHECK(codes(got.findings) == row.codes);
  for (const Finding& finding : got.findings) CHECK(std::ranges::all_of(finding.message, is_printable));
}

TEST_CASE("RFC 8460 §3: several TXT records at _smtp._tls", "[core]") {
  const std::string good = "v=TLSRPTv1; rua=mailto:t@a.example";
  CHECK(lint({}).verdict == none);
  CHECK(lint({"v=spf1 -all", good}).verdict == valid);
  CHECK(lint({"v=spf1 -all", good}).findings.empty());
  auto two = lint({good, "v=TLSRPTv1; rua=https://b.example"});
  CHECK(two.verdict == invalid);
  CHECK(codes(two.findings) == "tlsrpt-multiple");
  CHECK(two.findings[0].severity == Severity::error);
  CHECK(two.findings[0].message.contains("https://b.example"));
}

TEST_CASE("RFC 8460 §3: a record of another version is an error, but beside a good one a warning", "[core]") {
  auto alone = lint({"v=TLSRPTv2; rua=mailto:t@a.example"});
  CHECK(alone.findings[0].severity == Severity::error);
  auto beside = lint({"v=TLSRPTv2; rua=mailto:t@a.example", "v=TLSRPTv1; rua=mailto:t@a.example"});
  CHECK(beside.verdict == valid);
  CHECK(codes(beside.findings) == "tlsrpt-version");
  CHECK(beside.findings[0].severity == Severity::warning);
}

TEST_CASE("findings of TLSRPT name the URI and what to write instead", "[core]") {
  CHECK(only_message(lint({"v=TLSRPTv1; rua=tls@a.example"})) ==
        "\"tls@a.example\": write mailto: before a mail address");
  CHECK(only_message(lint({"v=TLSRPTv1; rua=http://a.example/"})) ==
        "\"http://a.example/\": the scheme must be mailto or https, not \"http\"");
  CHECK(only_message(lint({"v=TLSRPTv1; rua=mailto:t@a.example!10m"})).contains("%21"));
  CHECK(only_message(lint({"v=TLSRPTv1; rua=mailto:t@a.example; b"})).contains("%3B"));
  CHECK(lint({"v=TLSRPTv1; ruf=mailto:t@a.example"})
            .findings[0]
            .message.contains("no field rua; ruf is another field"));
}

TEST_CASE("a hostile TLSRPT record causes few findings", "[core]") {
  std::string record = "v=TLSRPTv1; rua=x@y";
  for (int i = 0; i < 10'000; ++i) record += ",x@y";
  CHECK(lint({record}).findings.size() < 50);
}

TEST_CASE("RFC 8460 §3: where the reports of a URI go", "[core]") {
  auto mail = report_target("mailto:t@Reports.a.example?subject=x");
  REQUIRE(mail);
  CHECK(mail->kind == ReportTarget::Kind::mail);
  CHECK(mail->host == "Reports.a.example");
  auto https = report_target("https://u@a.example:8443/x");
  REQUIRE(https);
  CHECK(https->kind == ReportTarget::Kind::https);
  CHECK(https->host == "a.example");
  CHECK(report_target("https://[2001:db8::1]/x")->host == "[2001:db8::1]");
  CHECK_FALSE(report_target("http://a.example/"));
}
