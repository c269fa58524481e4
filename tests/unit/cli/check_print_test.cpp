// How a check is printed: for people, as JSON, as a line for monitoring, and as an exit status.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sstream>

#include "cli/check_print.hpp"
#include "cli/check_shared.hpp"
#include "core/catalogue.hpp"
#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using test::Caught;
using test::noon;

CheckReport expired() {
  CheckReport report;
  report.subject = "a.example";
  report.steps = {{"record", "_mta-sts.a.example", StepState::ok, "v=STSv1; id=1;"},
                  {"smtp", "mx1.a.example", StepState::found,
                   "192.0.2.1 TLSv1.3, certificate until 2026-01-30T12:00:00Z"},
                  {"smtp", "mx2.a.example", StepState::ok, "192.0.2.2 TLSv1.3"},
                  {"tlsrpt", "", StepState::not_asked, ""}};
  report.findings = {
      make_finding(
          "certificate-expired", "mx1.a.example has a certificate that expired on 2026-01-30T12:00:00Z",
          {.step = "smtp", .host = "mx1.a.example", .address = "192.0.2.1", .port = 25}, "serial 01"),
      make_finding("max-age-below-two-weeks", "line 3: max_age 86400 is below two weeks",
                   {.step = "policy", .line = 3})};
  report.overall = Overall::error;
  report.prediction = Prediction{Outcome::deferred, "Server certificate not verified"};
  report.days_left = -1;
  report.took = 1234ms;
  return report;
}

std::string text_of(const CheckReport& report, bool brief = false) {
  Caught caught;
  print_check(report, caught.text(), brief);
  return caught.out.str();
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

bool printable_line(const std::string& text) {
  return std::ranges::all_of(text, [](char each) { return each >= ' ' && each <= '~'; });
}

}  // namespace

TEST_CASE("a check is printed with its verdict first, then steps, then findings", "[cli]") {
  std::string mend(find_code("certificate-expired")->mend);
  CHECK(text_of(expired()) ==
        "a.example: error: mail is deferred: mx1.a.example has a certificate that expired\n"
        "  on 2026-01-30T12:00:00Z (Postfix logs: Server certificate not verified)\n"
        "\n"
        "ok        record _mta-sts.a.example: v=STSv1; id=1;\n"
        "found     smtp mx1.a.example: 192.0.2.1 TLSv1.3, certificate until\n"
        "          2026-01-30T12:00:00Z\n"
        "ok        smtp mx2.a.example: 192.0.2.2 TLSv1.3\n"
        "not-asked tlsrpt\n"
        "\n"
        "error certificate-expired (smtp mx1.a.example 192.0.2.1)\n"
        "  mx1.a.example has a certificate that expired on 2026-01-30T12:00:00Z\n" +
            wrapped("  mend: " + mend, 8) +
            "\n"
            "\n"
            "info max-age-below-two-weeks (policy line 3)\n"
            "  line 3: max_age 86400 is below two weeks\n");
}

TEST_CASE("a check in a list is its verdict, its errors and its warnings", "[cli]") {
  CHECK(text_of(expired(), true) ==
        "a.example: error: mail is deferred: Server certificate not verified\n"
        "  error: mx1.a.example has a certificate that expired on 2026-01-30T12:00:00Z\n"
        "    (certificate-expired)\n");
}

TEST_CASE("a check fits into 80 columns, also with colours and a long reason", "[cli]") {
  CheckReport report = expired();
  for (int i = 0; i < 10; ++i) report.prediction->reason += " and so on";
  report.findings[0].where.host = "a-host-with-a-long-name.in-a-zone-with-a-long-name.example";
  report.findings[0].where.port = 587;
  for (int i = 0; i < 10; ++i) report.findings[0].message += " once more";
  CHECK(longest_line(text_of(report)) <= 80);
  CHECK(longest_line(text_of(report, true)) <= 80);
  CHECK(text_of(report).contains(" port 587)"));

  Caught plain, coloured;
  print_check(report, plain.text());
  Terminal terminal = coloured.text();
  Terminal with{terminal.out, terminal.err, false, true};
  print_check(report, with);
  std::string painted = coloured.out.str();
  CHECK(painted.starts_with("\x1b[31ma.example: error:\x1b[0m mail is deferred"));
  for (std::size_t at; (at = painted.find('\x1b')) != std::string::npos;)
    painted.erase(at, painted.find('m', at) - at + 1);
  CHECK(painted == plain.out.str());  // a colour moves no line break
}

TEST_CASE("the verdict says what happens to mail", "[cli]") {
  CheckReport report = expired();
  auto head = [&report] {
    std::string text = text_of(report, true);
    return text.substr(0, text.find("\n  error"));
  };
  report.prediction = Prediction{.outcome = Outcome::deferred, .reason = "client TLS configuration problem"};
  report.why_temp = "whether a host has TLSA records is not known";
  CHECK(head() ==
        "a.example: error: mail is deferred: mtastsd answers TEMP (whether a host has\n"
        "  TLSA records is not known), and Postfix logs \"client TLS configuration\n"
        "  problem\"");
  report.why_temp.clear();
  report.prediction = Prediction{.outcome = Outcome::delivered_unverified,
                                 .reason = "delivered without TLS to mx.a.example[192.0.2.1]:25",
                                 .certain = false,
                                 .in_clear = true};
  CHECK(head() ==
        "a.example: error: mail is delivered in the clear, without TLS, to\n"
        "  mx.a.example[192.0.2.1]:25");
  CHECK(check_object(report).at("in_clear") == true);
  report.prediction->by_order = true;
  CHECK(head().contains("\n  mx.a.example[192.0.2.1]:25 (another address, if Postfix tries it first,"));
  report.prediction.reset();
  CHECK(check_object(report).at("in_clear").is_null());
}

TEST_CASE("the verdict of a server is its worst finding", "[cli]") {
  CheckReport report = expired();
  report.prediction.reset();
  CHECK(text_of(report).starts_with("a.example: error: mx1.a.example has a certificate that expired"));
  report.findings.erase(report.findings.begin());
  report.overall = Overall::ok;
  CHECK(text_of(report).starts_with("a.example: ok: nothing wrong was found\n"));
  report.steps[1].state = StepState::unknown;
  report.steps[1].words = "192.0.2.1 did not answer";
  report.overall = Overall::unknown;
  CHECK(text_of(report).starts_with("a.example: unknown: 192.0.2.1 did not answer\n"));
}

TEST_CASE("a check as JSON", "[cli]") {
  auto object = check_object(expired());
  CHECK(object.at("domain") == "a.example");
  CHECK(object.at("verdict") == "error");
  CHECK(object.at("outcome") == "deferred");
  CHECK(object.at("prediction") == "Server certificate not verified");
  CHECK(object.at("in_clear") == false);
  CHECK(boost::json::serialize(object.at("steps").at(1)) ==
        R"({"step":"smtp","host":"mx1.a.example","state":"found",)"
        R"("seen":"192.0.2.1 TLSv1.3, certificate until 2026-01-30T12:00:00Z"})");
  CHECK(object.at("steps").at(3).at("state") == "not-asked");
  const auto& first = object.at("findings").at(0);
  CHECK(first.at("code") == "certificate-expired");
  CHECK(first.at("severity") == "error");
  CHECK(first.at("message") == "mx1.a.example has a certificate that expired on 2026-01-30T12:00:00Z");
  CHECK(boost::json::serialize(first.at("where")) ==
        R"({"step":"smtp","host":"mx1.a.example","address":"192.0.2.1","port":25})");
  CHECK(first.at("evidence") == "serial 01");
  CHECK(first.at("mend").as_string() == std::string(find_code("certificate-expired")->mend));
  CHECK(boost::json::serialize(object.at("findings").at(1).at("where")) == R"({"step":"policy","line":3})");

  CheckReport server = expired();
  server.prediction.reset();
  CHECK(check_object(server).at("outcome").is_null());
  CHECK(check_object(server).at("prediction").is_null());
}

TEST_CASE("a check as a line for monitoring", "[cli]") {
  CHECK(nagios_line(expired()) ==
        "MTA-STS CRITICAL: a.example: mail is deferred: mx1.a.example has a certificate that expired on "
        "2026-01-30T12:00:00Z (Postfix logs: Server certificate not verified) | errors=1 warnings=0 "
        "mx_good=1 mx_bad=1 days=-1 seconds=1.234");
  struct Row {
    Overall overall;
    const char* begin;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({{Overall::ok, "MTA-STS OK: a.example"},
                                                      {Overall::warning, "MTA-STS WARNING: a.example"},
                                                      {Overall::error, "MTA-STS CRITICAL: a.example"},
                                                      {Overall::unknown, "MTA-STS UNKNOWN: a.example"}}));
  CheckReport report = expired();
  report.overall = row.overall;
  report.days_left.reset();
  CHECK(nagios_line(report).starts_with(row.begin));
  CHECK_FALSE(nagios_line(report).contains("days="));
}

TEST_CASE("a peer's text can't add values, lines or control characters to the line for monitoring", "[cli]") {
  CheckReport report = expired();
  report.prediction->reason = "host said: 421 a | mx_bad=0\nMTA-STS OK\x1b[2J\xff";
  std::string line = nagios_line(report);
  CHECK(printable_line(line));
  CHECK(std::ranges::count(line, '|') == 1);
  CHECK(line.contains("421 a / mx_bad=0\\x0aMTA-STS OK\\x1b[2J\\xff) | errors=1"));
  report.prediction.reset();
  report.findings[0].message = "a|b\tc";
  CHECK(printable_line(nagios_line(report)));
  CHECK(std::ranges::count(nagios_line(report), '|') == 1);
  CHECK(nagios_unknown("no such file: a|b\nc") == "MTA-STS UNKNOWN: no such file: a/b\\x0ac");
}

TEST_CASE("a check ends with the status of the worst", "[cli]") {
  CHECK(check_exit(Overall::ok) == 0);
  CHECK(check_exit(Overall::warning) == 1);
  CHECK(check_exit(Overall::error) == 2);
  CHECK(check_exit(Overall::unknown) == 3);

  Caught caught;
  CheckOptions options;
  CHECK(finish(expired(), options, caught.text()) == 2);
  options.ignore = {"certificate-expired"};
  CHECK(finish(expired(), options, caught.text()) == 2);  // mail waits all the same
  CHECK(caught.out.str().contains("mail-not-delivered"));
  options.ignore = {"certificate-expired", "mail-not-delivered"};
  CHECK(finish(expired(), options, caught.text()) == 0);
  CheckReport unknown = expired();
  unknown.steps[2].state = StepState::unknown;
  CHECK(finish(unknown, options, caught.text()) == 3);
}

TEST_CASE("an ignored finding is not shown", "[cli]") {
  CheckOptions options;
  options.ignore = {"certificate-expired"};
  Caught caught;
  finish(expired(), options, caught.text());
  CHECK_FALSE(caught.out.str().contains("certificate-expired"));
  CHECK(caught.out.str().contains("max-age-below-two-weeks"));
}

TEST_CASE("what can't be checked is said to people and to monitoring", "[cli]") {
  Caught caught;
  CheckOptions options;
  CHECK(refuse(options, caught.text(), "no way") == 3);
  CHECK(caught.out.str().empty());
  CHECK(caught.err.str() == "mtastsctl: no way\n");
  options.nagios = true;
  refuse(options, caught.text(), "no way");
  CHECK(caught.out.str() == "MTA-STS UNKNOWN: no way\n");
}

TEST_CASE("days until a certificate expires", "[cli]") {
  CHECK_FALSE(days_until(std::nullopt, noon));
  CHECK(days_until(noon + 48h, noon) == 2);
  CHECK(days_until(noon + 47h, noon) == 1);
  CHECK(days_until(noon - 1s, noon) == -1);
}

}  // namespace mtasts
