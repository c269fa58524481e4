#include "postfix-policy/admin/status.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "conf/parse.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

StatusFacts facts() {
  StatusFacts facts{
      .file = {"/etc/mtastsd/mtastsd.toml", Time(std::chrono::seconds(1'800'000'000)), "digest"},
      .listeners = {"inet:127.0.0.1:8463"},
      .config = {}};
  facts.config.cache.path = "/var/lib/mtastsd";
  facts.config.zones["partners"].postfix_dane = PostfixDaneSetting::no;
  return facts;
}

StatusNow now() {
  StatusNow now;
  now.started = Time(std::chrono::seconds(1'800'000'000));
  now.now = now.started + std::chrono::seconds(90);
  now.pid = 4711;
  now.connections = 3;
  now.counters = Counters{.requests = 4, .cached = 2, .missed = 1, .refused = 1};
  now.flights = FlightCounts{.flying = 1, .waiting = 5};
  now.cache = CacheStats{.policies = 7, .negatives = 8, .used_bytes = 9, .file_bytes = 10};
  return now;
}

}  // namespace

TEST_CASE("status: before the first DNSSEC check nothing counts as down", "[daemon]") {
  auto object = status_object(facts(), Health{}, now());
  CHECK(json::serialize(object.at("dnssec")) ==
        R"({"works":true,"detail":"","checked":null,"worked_once":false,"down_for":null})");
  CHECK(
      json::serialize(object.at("postfix_dane")) ==
      R"({"mode":"auto","value":null,"answered":true,"doubtful":false,"detail":"","zones":{"partners":{"mode":"no","value":false}}})");
  CHECK(object.at("dns").at("answers") == true);
  CHECK(object.at("started") == "2027-01-15T08:00:00Z");
  CHECK(object.at("uptime") == 90);
  CHECK(json::serialize(object.at("flights")) == R"({"flying":1,"waiting":5})");
  CHECK(json::serialize(object.at("counters")) ==
        R"({"requests":4,"cached":2,"missed":1,"refused":1,"no_host":0,"overridden":0,"unreadable":0})");
  CHECK(json::serialize(object.at("cache")) ==
        R"({"path":"/var/lib/mtastsd","policies":7,"negatives":8,"used_bytes":9,"file_bytes":10,)"
        R"("lost":0,"more_lost":false,"salvaged":0,"damaged_at":null,"set_aside":null})");
}

TEST_CASE("status: when damage was found, and where the damaged file is", "[daemon]") {
  StatusNow damaged = now();
  damaged.condition.damaged_at = damaged.now;
  damaged.condition.set_aside = "/var/lib/mtastsd/data.mdb.bad-20270115T080130Z";
  auto cache = status_object(facts(), Health{}, damaged).at("cache");
  CHECK(cache.at("damaged_at") == "2027-01-15T08:01:30Z");
  CHECK(cache.at("set_aside") == "/var/lib/mtastsd/data.mdb.bad-20270115T080130Z");
}

TEST_CASE("status: which configuration is in force, and whether the file has changed", "[daemon]") {
  StatusNow same = now(), changed = now(), unreadable = now();
  same.file_digest = "digest";
  changed.file_digest = "other";
  changed.problems = {{"config-changed", "reload it"}};
  auto about = [](const StatusNow& each) {
    return json::serialize(status_object(facts(), Health{}, each).at("configuration"));
  };
  CHECK(about(same) ==
        R"({"file":"/etc/mtastsd/mtastsd.toml","loaded":"2027-01-15T08:00:00Z","sha256":"digest",)"
        R"("file_sha256":"digest","changed":false})");
  CHECK(about(changed).ends_with(R"("file_sha256":"other","changed":true})"));
  CHECK(about(unreadable).ends_with(R"("file_sha256":null,"changed":true})"));
  CHECK(json::serialize(status_object(facts(), Health{}, changed).at("problems")) ==
        R"([{"code":"config-changed","text":"reload it"}])");
}

TEST_CASE("the reply to the verb config parses to the configuration in force", "[daemon]") {
  StatusFacts in_force = facts();
  in_force.config.listen.control = "/run/elsewhere.sock";
  auto object = config_object(in_force, "digest");
  DefaultPaths paths{object.at("state").as_string().c_str(), object.at("control").as_string().c_str()};
  auto again =
      parse_config({object.at("text").as_string().data(), object.at("text").as_string().size()}, "x", paths);
  REQUIRE(again);
  CHECK(again->config.cache.path == "/var/lib/mtastsd");
  CHECK(again->config.listen.control == "/run/elsewhere.sock");
  CHECK(again->config.zones.at("partners").postfix_dane == PostfixDaneSetting::no);
}

TEST_CASE("status: DNS that does not answer is down, whatever is known about DNSSEC", "[daemon]") {
  Health health;
  health.way = "recursion: the root's keys validate";
  health.dns_answers = false;
  health.dns_detail = "timeout; is the network up?";
  auto object = status_object(facts(), health, now());
  CHECK(
      json::serialize(object.at("dns")) ==
      R"({"way":"recursion: the root's keys validate","answers":false,"detail":"timeout; is the network up?"})");
  CHECK(json::serialize(object.at("dnssec")) ==
        R"({"works":false,"detail":"DNS does not answer: timeout; is the network up?","checked":null,)"
        R"("worked_once":false,"down_for":null})");
}

TEST_CASE("status: what is down, and what is unknown", "[daemon]") {
  Health health{.checked_at = Time(std::chrono::seconds(1'800'000'000)),
                .dns_answers = true,
                .dns_detail = {},
                .dnssec = false,
                .dnssec_worked = true,
                .dnssec_down_since = Time(std::chrono::seconds(1'800'000'000)),
                .dnssec_detail = "caf\xe9",
                .way = "recursion",
                .postfix_dane = false,
                .postfix_answered = false,
                .postfix_detail = "no answer"};
  StatusFacts no_file = facts();
  no_file.file = {};
  StatusNow little;
  little.now = Time(std::chrono::seconds(1'800'003'600));
  little.cache = fail(Fault::storage, "input/output error");
  auto object = status_object(no_file, health, little);
  CHECK(json::serialize(object.at("dnssec")) ==
        R"({"works":false,"detail":"caf\\xe9","checked":"2027-01-15T08:00:00Z",)"
        R"("worked_once":true,"down_for":3600})");
  CHECK(object.at("postfix_dane").at("value") == false);
  CHECK(object.at("postfix_dane").at("answered") == false);
  CHECK(object.at("config").is_null());
  CHECK(object.at("counters").is_null());
  CHECK(object.at("flights").is_null());
  CHECK(object.at("cache").at("error") == "input/output error");
}

}  // namespace mtasts
