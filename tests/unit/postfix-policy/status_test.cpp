#include "postfix-policy/status.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

namespace mtasts {
namespace {

namespace json = boost::json;

StatusFacts facts() {
  StatusFacts facts{
      .config_file = "/etc/mtastsd/mtastsd.toml", .listeners = {"inet:127.0.0.1:8463"}, .config = {}};
  facts.config.cache.path = "/var/lib/mtastsd";
  facts.config.zones["partners"].postfix_dane = "no";
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

TEST_CASE("status: before the first self-test nothing is said to be down", "[daemon]") {
  auto object = status_object(facts(), Health{}, now());
  CHECK(json::serialize(object.at("dnssec")) == R"({"works":true,"detail":"","checked":null})");
  CHECK(
      json::serialize(object.at("postfix_dane")) ==
      R"({"mode":"auto","value":null,"answered":true,"detail":"","zones":{"partners":{"mode":"no","value":false}}})");
  CHECK(object.at("dns").at("answers") == true);
  CHECK(object.at("started") == "2027-01-15T08:00:00Z");
  CHECK(object.at("uptime") == 90);
  CHECK(json::serialize(object.at("flights")) == R"({"flying":1,"waiting":5})");
  CHECK(json::serialize(object.at("counters")) == R"({"requests":4,"cached":2,"missed":1,"refused":1})");
  CHECK(json::serialize(object.at("cache")) ==
        R"({"path":"/var/lib/mtastsd","policies":7,"negatives":8,"used_bytes":9,"file_bytes":10})");
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
        R"({"works":false,"detail":"DNS does not answer: timeout; is the network up?","checked":null})");
}

TEST_CASE("status: what is down, and what could not be had", "[daemon]") {
  Health health{.checked_at = Time(std::chrono::seconds(1'800'000'000)),
                .dns_answers = true,
                .dns_detail = {},
                .dnssec = false,
                .dnssec_detail = "caf\xe9",
                .way = "recursion",
                .postfix_dane = false,
                .postfix_answered = false,
                .postfix_detail = "no answer"};
  StatusFacts no_file = facts();
  no_file.config_file.clear();
  StatusNow little;
  little.cache = fail(Fault::storage, "input/output error");
  auto object = status_object(no_file, health, little);
  CHECK(json::serialize(object.at("dnssec")) ==
        R"({"works":false,"detail":"caf\\xe9","checked":"2027-01-15T08:00:00Z"})");
  CHECK(object.at("postfix_dane").at("value") == false);
  CHECK(object.at("postfix_dane").at("answered") == false);
  CHECK(object.at("config").is_null());
  CHECK(object.at("counters").is_null());
  CHECK(object.at("flights").is_null());
  CHECK(object.at("cache").at("error") == "input/output error");
}

}  // namespace mtasts
