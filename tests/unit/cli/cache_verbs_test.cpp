// list and show over a real LMDB environment, byte for byte.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "cache/lmdb_cache.hpp"
#include "cli/commands.hpp"
#include "cli/open_cache.hpp"
#include "tests/unit/cli/cached.hpp"
#include "tests/unit/lists.hpp"

using namespace std::chrono_literals;

namespace mtasts {
namespace {

using test::Caught;
using test::Fixture;
using test::noon;
using test::Noon;
using test::without_policy;
namespace json = boost::json;

Config without_dane() {
  Config config;
  config.policy.dane = false;
  return config;
}

}  // namespace

TEST_CASE("list: the text", "[cli]") {
  Fixture fixture;
  Caught caught;
  CHECK(list(*fixture.open(), {.all = true}, {}, certain(noon), caught.text()) == exit_ok);
  CHECK(caught.out.str() ==
        "DOMAIN           MODE     EXPIRES                    FETCHED          ID        DANE\n"
        "enforce.example  enforce  2026-02-06 in 6 days       24 hours ago     20260131\n"
        "failed.example   enforce  2026-02-07 in 6 days       6 hours ago      old\n"
        "gone.example     enforce  expired                    119 minutes ago  1\n"
        "nothing.example  -        no-record                  -                -\n"
        "testing.example  testing  2026-02-01 in 23 hours     60 minutes ago   7\n");
  CHECK(caught.err.str().empty());
}

TEST_CASE("list: what fits into a terminal", "[cli]") {
  Fixture fixture(std::string(40, 'l') + ".example");
  struct Row {
    std::size_t width, domain;
    const char *shown, *head_end;
  };
  for (const Row& row :
       {Row{80, 27, "lllllllllllllllllllllllll..", "FETCHED\n"},
        Row{99, 46, "llllllllllllllllllllllllllllllllllllllll.exa..", "FETCHED\n"},
        Row{100, 27, "lllllllllllllllllllllllll..", "FETCHED          ID        DANE\n"},
        Row{200, 48, "llllllllllllllllllllllllllllllllllllllll.example", "ID        DANE\n"},
        Row{0, 40, "llllllllllllllllllllllllllllllllllllllll.example", "ID        DANE\n"}}) {
    INFO(row.width);
    Caught caught;
    auto terminal = caught.text();
    terminal.width = row.width;
    CHECK(list(*fixture.open(), {.all = true}, {}, certain(noon), terminal) == exit_ok);
    auto out = caught.out.str();
    CHECK(out.starts_with("DOMAIN" + std::string(row.domain - 6, ' ') + "  MODE "));
    CHECK(out.substr(0, out.find('\n') + 1).ends_with(row.head_end));
    CHECK(out.contains("\n" + std::string(row.shown) + "  testing  2026-01-31 in 119 minutes  now"));
    std::istringstream lines(out);
    for (std::string line; row.width != 0 && std::getline(lines, line);) CHECK(line.size() <= row.width);
  }
}

TEST_CASE("list: the JSON form", "[cli]") {
  Fixture fixture;
  Caught caught;
  CHECK(list(*fixture.open(), {.glob = "enforce.*"}, {}, certain(noon), caught.json()) == exit_ok);
  CHECK(caught.out.str() ==
        "[\n{\"domain\":\"enforce.example\",\"mode\":\"enforce\",\"expires\":\"2026-02-06T12:00:00Z\","
        "\"fetched\":\"2026-01-30T12:00:00Z\",\"id\":\"20260131\",\"max_age\":604800,\"state\":\"current\","
        "\"next_check\":\"2026-01-31T12:50:00Z\",\"override\":null,\"dane\":null}\n]\n");
}

TEST_CASE("list: the filters", "[cli]") {
  Fixture fixture;
  using Names = std::vector<std::string>;
  CHECK(fixture.listed({}) == Names{"enforce.example", "failed.example", "gone.example", "testing.example"});
  CHECK(fixture.listed({.all = true}).size() == 5);
  CHECK(fixture.listed({.mode = "testing"}) == Names{"testing.example"});
  CHECK(fixture.listed({.mode = "none"}) == Names{});
  CHECK(fixture.listed({.expiring = 24h}) == Names{"testing.example"});
  CHECK(fixture.listed({.expiring = 23h}) == Names{"testing.example"});
  CHECK(fixture.listed({.expiring = 23h - 1s}) == Names{});
  CHECK(fixture.listed({.glob = "[ef]*.example"}) == Names{"enforce.example", "failed.example"});
  CHECK(fixture.listed({.mode = "testing", .all = true}) == Names{"testing.example"});
  CHECK(fixture.listed({.glob = "n*"}) == Names{});
}

TEST_CASE("show: the text", "[cli]") {
  Fixture fixture;
  Caught caught;
  CHECK(show(*fixture.open(), {"enforce.example", {}}, {}, certain(noon), caught.text()) == exit_ok);
  std::string head =
      "domain      enforce.example\n"
      "policy      enforce\n"
      "            version: STSv1\n"
      "            mode: enforce\n"
      "            mx: *.enforce.example\n"
      "            mx: mx.enforce.example\n"
      "            max_age: 604800\n"
      "id          20260131\n"
      "fetched     2026-01-30 12:00:00 UTC, 24 hours ago\n"
      "expires     2026-02-06 12:00:00 UTC, in 6 days\n"
      "refresh     2026-01-31 00:00:00 UTC, 12 hours ago\n"
      "last lookup 2026-01-31 11:50:00 UTC, 10 minutes ago\n"
      "            the policy is current\n"
      "next check  2026-01-31 12:50:00 UTC, in 50 minutes\n";
  REQUIRE(caught.out.str().starts_with(head));
  CHECK(caught.out.str().substr(head.size()) ==
        "dane        is looked up before the next answer, so the reply is not known yet;\n"
        "            \"mtastsctl query enforce.example\" asks for it\n");
}

TEST_CASE("show: without DANE the policy alone decides the reply", "[cli]") {
  Fixture fixture;
  Caught caught;
  CHECK(show(*fixture.open(), {"enforce.example", {}}, without_dane(), certain(noon), caught.text()) ==
        exit_ok);
  CHECK(caught.out.str().contains(
      "postfix     OK secure match=.enforce.example:mx.enforce.example servername=hostname\n"
      "postfix310  OK secure match=.enforce.example:mx.enforce.example servername=hostname policy_type=sts"));
}

TEST_CASE("STS-30: show says why the last lookup failed, without passing on hostile bytes", "[cli]") {
  Fixture fixture;
  Caught caught;
  CHECK(show(*fixture.open(), {"failed.example", {}}, without_dane(), certain(noon), caught.text()) ==
        exit_ok);
  CHECK(caught.out.str().contains(
      "            the policy could not be fetched: TLS: \\x1b[31mcertificate has\n"
      "            expired\n"
      "            id new is not fetched again before 2026-01-31 12:05:00 UTC, in 5\n"
      "            minutes\n"));
  CHECK(caught.out.str().contains("postfix     OK secure match=mx.failed.example servername=hostname\n"));
}

TEST_CASE("show: the replies for expired, testing and unknown are those without a policy", "[cli]") {
  Fixture fixture;
  Caught gone, nothing, testing, stricter, unknown;
  CHECK(show(*fixture.open(), {"gone.example", {}}, without_dane(), certain(noon), gone.text()) == exit_ok);
  CHECK(gone.out.str().contains("policy      enforce, expired\n"));
  CHECK(gone.out.str().contains("postfix     NOTFOUND \n"));
  CHECK(show(*fixture.open(), {"nothing.example", {}}, without_dane(), certain(noon), nothing.text()) ==
        exit_ok);
  CHECK(nothing.out.str().contains("policy      none stored\n"));
  CHECK(nothing.out.str().contains("            no MTA-STS record\n"));
  CHECK(show(*fixture.open(), {"testing.example", {}}, without_dane(), certain(noon), testing.text()) ==
        exit_ok);
  CHECK(testing.out.str().contains("postfix     NOTFOUND \n"));
  Config config = without_dane();
  config.policy.testing_as_enforce = true;
  CHECK(show(*fixture.open(), {"testing.example", {}}, config, certain(noon), stricter.text()) == exit_ok);
  CHECK(stricter.out.str().contains("postfix     OK secure match=a.example servername=hostname\n"));
  CHECK(show(*fixture.open(), {"unknown.example", {}}, {}, certain(noon), unknown.text()) == exit_no);
  CHECK(unknown.out.str() ==
        "unknown.example is not in the cache; \"mtastsctl query unknown.example\" looks it up\n");
}

TEST_CASE("show: the DANE state of each next hop, and the reply", "[cli]") {
  Fixture fixture;
  Record record = without_policy();
  DaneState& whole_domain = record.dane.emplace_back();
  whole_domain.mx = MxState::secure;
  whole_domain.hosts = test::host_list("u+mx1.dane.example\nf=mx2.dane.example");
  whole_domain.detail = "TLSA _25._tcp.mx2.dane.example: SERVFAIL";
  whole_domain.looked_up_at = noon - 10s;
  whole_domain.valid_until = noon + 20s;
  DaneState& submission = record.dane.emplace_back();
  submission.route = {true, 587};
  submission.trouble = MxTrouble::bogus;
  submission.detail = "MX x: DNSSEC bogus: \x1b[31mforged";
  submission.failures = 3;
  fixture.add("dane.example", record);
  Caught text, object;
  CHECK(show(*fixture.open(), {"dane.example", {}}, {}, certain(noon), text.text()) == exit_ok);
  CHECK(
      text.out.str().contains("dane        MX secure, until 2026-01-31 12:00:20 UTC, in 20 seconds\n"
                              "            mx1.dane.example: usable TLSA\n"
                              "            mx2.dane.example: failed\n"
                              "            TLSA _25._tcp.mx2.dane.example: SERVFAIL\n"
                              "dane        MX unknown for [dane.example]:587\n"
                              "            last lookup bogus, 3 in a row\n"
                              "            MX x: DNSSEC bogus: \\x1b[31mforged\n"
                              "postfix     OK dane-only\n"));
  CHECK(show(*fixture.open(), {"dane.example", {}}, {}, certain(noon), object.json()) == exit_ok);
  auto states = json::parse(object.out.str()).at("dane").as_array();
  CHECK(states.at(0).at("hosts").at(1).at("state") == "failed");
  CHECK(states.at(1).at("next_hop") == "[dane.example]:587");
}

TEST_CASE("show: an expired DANE state decides no reply", "[cli]") {
  Fixture fixture;
  Record record = without_policy();
  DaneState& state = record.dane.emplace_back();
  state.mx = MxState::secure;
  state.hosts = test::host_list("u+mx1.dane.example");
  state.looked_up_at = noon - 60s;
  state.valid_until = noon - 1s;
  fixture.add("dane.example", record);
  Caught text, object;
  CHECK(show(*fixture.open(), {"dane.example", {}}, {}, certain(noon), text.text()) == exit_ok);
  CHECK_FALSE(text.out.str().contains("postfix  "));
  CHECK(show(*fixture.open(), {"dane.example", {}}, {}, certain(noon), object.json()) == exit_ok);
  CHECK(json::parse(object.out.str()).at("replies").is_null());
}

TEST_CASE("list: an empty list says why it is empty", "[cli]") {
  Fixture fixture;
  auto says = [&](const ListOptions& options) {
    Caught caught;
    CHECK(list(*fixture.open(), options, {}, certain(noon), caught.text()) == exit_ok);
    return caught.out.str();
  };
  CHECK(says({.mode = "none"}) ==
        "none of the 4 policies and 1 domains without one in the cache matches these options\n");
  CHECK(says({.expiring = 1s}) == "no cached policy expires within that time\n");
  test::Folder folder;
  Noon clock;
  REQUIRE(LmdbCache::open({folder / "cache", 1ull << 26, false, {}}, clock));
  auto listed = [&] {
    Caught caught;
    auto cache = open_cache({folder / "cache", true, 1ull << 26}, clock);
    REQUIRE(cache);
    CHECK(list(**cache, {}, {}, certain(noon), caught.text()) == exit_ok);
    return caught.out.str();
  };
  CHECK(listed() == "the cache is empty\n");
  test::put(**LmdbCache::open({folder / "cache", 1ull << 26, false, {}}, clock), "nothing.example",
            without_policy());
  CHECK(listed() == "no policy is cached; --all shows the domains known to have none (1)\n");
}

TEST_CASE("show: the JSON form", "[cli]") {
  Fixture fixture;
  Caught caught, unknown;
  CHECK(show(*fixture.open(), {"failed.example", {}}, without_dane(), certain(noon), caught.json()) ==
        exit_ok);
  auto object = json::parse(caught.out.str()).as_object();
  CHECK(object["domain"] == "failed.example");
  CHECK(object["policy"].at("mode") == "enforce");
  CHECK(object["policy"].at("mx") == json::array{"mx.failed.example"});
  CHECK(object["policy"].at("lines").as_array().size() == 4);
  CHECK(object["policy"].at("expires") == "2026-02-07T06:00:00Z");
  CHECK(object["last_look"].at("state") == "fetch-failed");
  CHECK(object["last_look"].at("failed_id") == "new");
  CHECK(object["last_look"].at("failures") == 2);
  CHECK(object["replies"].at("postfix") == "OK secure match=mx.failed.example servername=hostname");
  CHECK(show(*fixture.open(), {"unknown.example", "note"}, {}, certain(noon), unknown.json()) == exit_no);
  CHECK(unknown.out.str() ==
        "{\"domain\":\"unknown.example\",\"policy\":null,\"last_look\":null,\"dane\":null,\"replies\":null,"
        "\"override\":null,\"understood_as\":\"unknown.example\"}\n");
}

TEST_CASE("a cache that is not there is named, with the remedy, and is not made", "[cli]") {
  test::Folder folder;
  Noon clock;
  auto missing = open_cache({folder / "none", true, 1ull << 26}, clock);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().detail.starts_with("there is no cache in " + (folder / "none") +
                                           "; start mtastsd once"));
  CHECK_FALSE(std::filesystem::exists(folder / "none"));
  CHECK(cache_folders({"/home/u/x", false, 0}) == std::vector<std::string>{"/var/lib/mtastsd", "/home/u/x"});
  CHECK(cache_folders({"/home/u/x", true, 0}) == std::vector<std::string>{"/home/u/x"});
  CHECK(cache_folders({"/var/lib/mtastsd", false, 0}) == std::vector<std::string>{"/var/lib/mtastsd"});
}

}  // namespace mtasts
