// A saved trace as a hostile file: the error names what is wrong.
#include "diagnose/trace_file.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/cli/support.hpp"
#include "tests/unit/diagnose/changed_file.hpp"
#include "tests/unit/lookup/fakes.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

std::string good_file() {
  ExplainInputs inputs;
  inputs.now = test::noon;
  inputs.next_hop = "example.com";
  inputs.over = Override{OverrideAction::enforce, "", "why", test::noon};
  inputs.stored = fake::stored_policy(test::noon, "enforce", 60);
  DnsStep dns;
  dns.name = "\xff\x01";
  dns.answer.rdata = {std::string("\0\xff", 2)};
  HttpsStep https{fake::name("example.com"), HttpAnswer{200, "text/plain", "body"}, {}};
  HttpsStep failed{fake::name("example.com"), std::unexpected(FetchError{FetchStep::tls, "why"}), {}};
  return write_trace(inputs, {dns, https, failed});
}

std::string changed(const std::string& path, const char* value) {
  return changed_file(good_file(), path, value);
}

}  // namespace

TEST_CASE("a saved trace is read as it was written", "[trace]") {
  auto saved = read_trace(good_file());
  REQUIRE(saved);
  CHECK(write_trace(saved->inputs, saved->trace) == good_file());
  CHECK(std::get<DnsStep>(saved->trace[0]).name == "\xff\x01");
  CHECK(saved->inputs.over->until == test::noon);
  CHECK(saved->inputs.stored->policy);
}

TEST_CASE("every rule of a saved trace is read as it was written", "[trace]") {
  ExplainInputs inputs;
  inputs.dnssec_detail = "why";
  inputs.dnssec_known = false;
  inputs.rules = {.settings = {.dane = false,
                               .postfix_dane = PostfixDaneSetting::no,
                               .partial_dane = PartialDane::dane_only,
                               .testing_as_enforce = true,
                               .first_fetch_wait = std::chrono::milliseconds(100),
                               .answer_timeout = std::chrono::milliseconds(90'000),
                               .on_dnssec_down = OnDnssecDown::temp,
                               .mx_hosts = 100,
                               .default_port = 587},
                  .sts = false,
                  .postfix_dane = PostfixDane::no,
                  .dnssec = Dnssec::last_proof_or_sts};
  auto saved = read_trace(write_trace(inputs, {}));
  if (!saved) FAIL(saved.error().detail);
  CHECK(saved->inputs.rules.settings == inputs.rules.settings);
  CHECK(saved->inputs.rules.sts == inputs.rules.sts);
  CHECK(saved->inputs.rules.postfix_dane == inputs.rules.postfix_dane);
  CHECK(saved->inputs.rules.dnssec == inputs.rules.dnssec);
  CHECK(saved->inputs.dnssec_detail == inputs.dnssec_detail);
  CHECK_FALSE(saved->inputs.dnssec_known);
  CHECK(read_trace(good_file())->inputs.dnssec_known);
}

TEST_CASE("a key that is newer than a saved trace has its default", "[trace]") {
  auto saved = read_trace(changed("rules/settings/partial_dane", nullptr));
  REQUIRE(saved);
  CHECK(saved->inputs.rules.settings == ZoneSettings{});
}

TEST_CASE("a saved trace of version 1 gives the same rules", "[trace]") {
  struct Row {
    const char* told;  // with the member before it
    PostfixDaneSetting setting;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"", PostfixDaneSetting::automatic},
      {R"(,"postfix_told":false)", PostfixDaneSetting::automatic},
      {R"(,"postfix_told":true)", PostfixDaneSetting::no},
  }));
  std::string rules = R"({"testing_as_enforce":true,"dane":false,"sts":false,"postfix_dane":"no",)"
                      R"("partial_dane_only":true,"dnssec":"temp","dnssec_detail":"why","mx_hosts":7)";
  json::object file = json::parse(good_file()).as_object();
  file["mtastsd_trace"] = 1;
  file["rules"] = json::parse(rules + row.told + "}");
  auto saved = read_trace(json::serialize(file));
  if (!saved) FAIL(saved.error().detail);
  const ZoneRules& read = saved->inputs.rules;
  CHECK(read.settings == ZoneSettings{.dane = false,
                                      .postfix_dane = row.setting,
                                      .partial_dane = PartialDane::dane_only,
                                      .testing_as_enforce = true,
                                      .mx_hosts = 7});
  CHECK(!read.sts);
  CHECK(read.postfix_dane == PostfixDane::no);
  CHECK(read.dnssec == Dnssec::temp);
  CHECK(saved->inputs.dnssec_detail == "why");
}

TEST_CASE("the error names what is wrong in a saved trace", "[trace]") {
  struct Row {
    const char *path, *value, *words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"mtastsd_trace", nullptr, "mtastsd_trace is missing"},
      {"mtastsd_trace", "4", "version 4; this mtastsctl reads versions up to 3"},
      {"mtastsd_trace", "3", "certificates is missing"},
      {"mtastsd_trace", "1", "rules.testing_as_enforce is missing"},
      {"mtastsd_trace", "0", "mtastsd_trace is not a whole number"},
      {"time", "-1", "time is not a whole number"},
      {"time", "1e3", "time is not a whole number"},
      {"time", "18446744073709551615", "time is not a whole number"},
      {"next_hop", "7", "next_hop is not a string"},
      {"next_hop", "\"\\u0100\"", "up to U+00FF"},
      {"map", "\"nosuch\"", "map is not a map name"},
      {"port", "65536", "port is not a whole number from 0 to 65535"},
      {"mx_hosts", "0", "mx_hosts is not a whole number"},
      {"rules", "null", "rules is not a JSON object"},
      {"rules/settings", "null", "rules.settings is not a JSON object"},
      {"rules/settings", nullptr, "rules.settings is missing"},
      {"rules/settings/dane", "1", "rules.settings.dane is neither true nor false"},
      {"rules/settings/partial_dane", "\"sometimes\"", "rules.settings.partial_dane is not one of the words"},
      {"rules/settings/mx_hosts", "101", "rules.settings.mx_hosts is not a whole number from 1 to 100"},
      {"rules/settings/answer_timeout", "90001", "rules.settings.answer_timeout is not a whole number"},
      {"rules/settings/default_port", "0", "rules.settings.default_port is not a whole number"},
      {"rules/settings/more", "1", "rules.settings has a member that this mtastsctl does not know"},
      {"rules/sts", "1", "rules.sts is neither true nor false"},
      {"rules/sts", nullptr, "rules.sts is missing"},
      {"rules/dnssec", "\"perhaps\"", "rules.dnssec is not one of the words"},
      {"rules/more", "1", "rules has a member that this mtastsctl does not know"},
      {"override", "[]", "override is not a JSON object"},
      {"override/action", "\"delete\"", "override.action is not an action"},
      {"override/until", "\"\"", "override.until is not a whole number"},
      {"stored", "\"00\"", "stored is not a cache entry"},
      {"stored", "7", "stored is not a cache entry"},
      {"trace", "{}", "trace is not an array"},
      {"trace/0/kind", "\"smtp\"", "trace[0].kind is not one of the words"},
      {"trace/0/kind", "\"policy-host\"", "trace[0].kind is not one of the words"},
      {"trace/0/kind", "\"ftp\"", "trace[0].kind is not one of the words"},
      {"trace/0/local", "false", "trace[0] has a member that this mtastsctl does not know"},
      {"trace/0/type", "\"SOA\"", "trace[0].type is not one of the words"},
      {"trace/0/ttl", "4294967296", "trace[0].ttl is not a whole number"},
      {"trace/0/data", "[\"0\"]", "trace[0].data must consist of"},
      {"trace/0/data", "[\"0G\"]", "trace[0].data must consist of"},
      {"trace/0/data", "[7]", "trace[0].data must consist of"},
      {"trace/0/ms", "-1", "trace[0].ms is not a whole number"},
      {"trace/0/more", "1", "trace[0] has a member that this mtastsctl does not know"},
      {"trace/1/domain", "\"192.0.2.1\"", "trace[1].domain is not a host name"},
      {"trace/1/status", "1000", "trace[1].status is not a whole number"},
      {"trace/1/body", "\"AB\"", "trace[1].body must consist of"},
      {"trace/1/detail", "\"\"", "trace[1] has a member that this mtastsctl does not know"},
      {"trace/2/step", "\"think\"", "trace[2].step is not one of the words"},
      {"trace/2/detail", nullptr, "trace[2].detail is missing"},
      {"more", "1", "the file has a member that this mtastsctl does not know"},
  }));
  INFO(row.path << " " << (row.value == nullptr ? "missing" : row.value));
  auto read = read_trace(changed(row.path, row.value));
  REQUIRE_FALSE(read);
  CHECK(read.error().fault == Fault::syntax);
  CHECK(read.error().detail.contains(row.words));
}

TEST_CASE("what is not a JSON object, or is too large, is refused", "[trace]") {
  for (std::string text : {"", "x", "[]", "7", "{\"mtastsd_trace\":", "{\"mtastsd_trace\":\"\xff\"}"}) {
    INFO(text);
    CHECK_FALSE(read_trace(text));
  }
  CHECK_FALSE(read_trace(std::string(100'000, '[')));
  CHECK(read_trace(std::string(max_trace_file + 1, ' ')).error().detail.contains("larger than"));
  auto good = good_file();
  for (std::size_t end = 0; end + 1 < good.size(); end += 7) CHECK_FALSE(read_trace(good.substr(0, end)));
}

}  // namespace mtasts
