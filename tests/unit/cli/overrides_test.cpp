// list and show with overrides in force, and dane_code().
#include <catch2/generators/catch_generators.hpp>

#include "cli/words.hpp"
#include "conf/override_name.hpp"
#include "conf/override_values.hpp"
#include "tests/unit/cli/cached.hpp"
#include "tests/unit/lists.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::Caught;
using test::Fixture;
using test::noon;

OverrideConfig override_of(std::string name, OverrideAction action, std::string reason,
                           Time until = Time::max()) {
  Override rule;
  rule.action = action;
  rule.reason = std::move(reason);
  rule.until = until;
  return {name, read_override_name(name).value(), std::move(rule), false};
}

std::vector<OverrideConfig> some() {
  return {override_of("enforce.example", OverrideAction::no_policy, "ticket 1"),
          override_of("*.partner.example", OverrideAction::ignore_dane, "ticket 2", end_of_day(2026, 2, 1)),
          override_of("[relay.example]:587", OverrideAction::ignore_sts, "ticket 3"),
          override_of("gone.example", OverrideAction::enforce, "is over", noon)};
}

json::array listed(Fixture& fixture, const ListOptions& options) {
  Caught caught;
  CHECK(list(*fixture.open(), options, some(), certain(noon), caught.json()) == exit_ok);
  return json::parse(caught.out.str()).as_array();
}

DaneState state(MxState mx, std::string_view hosts) {
  DaneState dane;
  dane.mx = mx;
  dane.hosts = test::host_list(hosts);
  dane.looked_up_at = noon - 10s;
  dane.valid_until = noon + 10s;
  return dane;
}

}  // namespace

TEST_CASE("list: overrides in force in JSON, also those without a cached entry", "[cli]") {
  Fixture fixture;
  auto rows = listed(fixture, {});
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].at("domain") == "enforce.example");
  CHECK(rows[0].at("mode") == "enforce");
  CHECK(rows[0].at("override") ==
        json::value{{"action", "no-policy"}, {"reason", "ticket 1"}, {"until", nullptr}});
  CHECK(rows[2].at("domain") == "gone.example");
  CHECK(rows[2].at("override").is_null());
  CHECK(rows[4].at("domain") == "*.partner.example");
  CHECK(rows[4].at("mode").is_null());
  CHECK(rows[4].at("state").is_null());
  CHECK(rows[4].at("override").at("until") == "2026-02-01");
  CHECK(rows[5].at("domain") == "[relay.example]:587");
  for (const auto& row : rows) CHECK(row.as_object().size() == 10);
}

TEST_CASE("list: overrides are filtered as domains are", "[cli]") {
  Fixture fixture;
  CHECK(listed(fixture, {.glob = "*partner*"}).size() == 1);
  CHECK(listed(fixture, {.mode = "enforce"}).size() == 3);
  CHECK(listed(fixture, {.mode = "none"}).empty());
  CHECK(listed(fixture, {.expiring = 1s}).empty());
}

TEST_CASE("list: overrides in the text, below the table", "[cli]") {
  Fixture fixture;
  Caught all, none, testing;
  auto terminal = all.text();
  terminal.width = 80;
  CHECK(list(*fixture.open(), {}, some(), certain(noon), terminal) == exit_ok);
  CHECK(
      all.out.str().ends_with("\n"
                              "OVERRIDES IN FORCE\n"
                              "enforce.example  no-policy: ticket 1\n"
                              "*.partner.example  ignore-dane, until 2026-02-01: ticket 2\n"
                              "[relay.example]:587  ignore-sts: ticket 3\n"));
  CHECK(list(*fixture.open(), {.glob = "nosuch"}, some(), certain(noon), none.text()) == exit_ok);
  CHECK(none.out.str() ==
        "none of the 4 policies and 1 domains without one in the cache matches these options\n");
  CHECK(list(*fixture.open(), {.mode = "testing"}, some(), certain(noon), testing.text()) == exit_ok);
  CHECK_FALSE(testing.out.str().contains("OVERRIDES"));
}

TEST_CASE("show: the override in force, and the reply it gives", "[cli]") {
  Fixture fixture;
  Config config;
  config.overrides = some();
  Caught text, object, unknown;
  CHECK(show(*fixture.open(), {"enforce.example", {}}, config, certain(noon), text.text()) == exit_ok);
  CHECK(text.out.str().starts_with("domain      enforce.example\noverride    no-policy: ticket 1\npolicy "));
  CHECK(text.out.str().contains("postfix     NOTFOUND \n"));
  CHECK_FALSE(text.out.str().contains("is looked up before"));
  CHECK(show(*fixture.open(), {"enforce.example", {}}, config, certain(noon), object.json()) == exit_ok);
  CHECK(json::parse(object.out.str()).at("override").at("reason") == "ticket 1");
  CHECK(show(*fixture.open(), {"mx.partner.example", {}}, config, certain(noon), unknown.text()) == exit_no);
  CHECK(unknown.out.str().contains("override    ignore-dane, until 2026-02-01: ticket 2\n"));
}

TEST_CASE("dane_code() of a cached state", "[cli]") {
  struct Row {
    MxState mx;
    const char *hosts, *want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {MxState::secure, "u+a.example\nu=b.example", "usable"},
      {MxState::secure, "u+a.example\nx=b.example", "usable"},
      {MxState::secure, "u+a.example\n0=b.example", "partial"},
      {MxState::secure, "u+a.example\nf=b.example", "failed"},
      {MxState::secure, "n+a.example", "unusable"},
      {MxState::secure, "0+a.example", "none"},
      {MxState::secure, "", "none"},
      {MxState::insecure, "-+a.example", "insecure"},
      {MxState::null_mx, "", "null-mx"},
  }));
  DaneState dane = state(row.mx, row.hosts);
  CHECK(dane_code(view(dane), noon) == row.want);
  CHECK(dane_code(view(dane), noon + 10s) == "expired");
  dane.trouble = MxTrouble::bogus;
  CHECK(dane_code(view(dane), noon) == "bogus");
}

TEST_CASE("list: the DANE column is shown where ids are", "[cli]") {
  CHECK(dane_code(std::nullopt, noon).empty());
  Fixture fixture;
  Record record = test::without_policy();
  record.dane.push_back(state(MxState::secure, "u+mx.dane.example"));
  fixture.add("dane.example", record);
  Caught text, object, narrow;
  CHECK(list(*fixture.open(), {.glob = "dane.*", .all = true}, {}, certain(noon), text.text()) == exit_ok);
  CHECK(text.out.str().ends_with("no-record                  -                -   usable\n"));
  auto terminal = narrow.text();
  terminal.width = 80;
  CHECK(list(*fixture.open(), {.glob = "dane.*", .all = true}, {}, certain(noon), terminal) == exit_ok);
  CHECK_FALSE(narrow.out.str().contains("DANE"));
  CHECK(list(*fixture.open(), {.glob = "dane.*", .all = true}, {}, certain(noon), object.json()) == exit_ok);
  CHECK(json::parse(object.out.str()).at(0).at("dane") == "usable");
}

}  // namespace mtasts
