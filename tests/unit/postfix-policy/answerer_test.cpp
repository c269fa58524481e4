#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "answerer_world.hpp"
#include "conf/override_name.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

SettingsPtr settings() {
  Config config;
  config.policy.dane = false;  // what DANE adds is in answerer_dane_test.cpp
  config.zones["strict"] = config.policy;
  config.zones["strict"].testing_as_enforce = true;
  config.dns.private_zones = {"corp.example"};
  return make_settings(config);
}

struct World : AnswererWorld {
  World() : AnswererWorld(settings()) {
    store("good.example", stored_policy(clock.time, "enforce", 604800));
    store("testing.example", stored_policy(clock.time, "testing", 604800));
    store("none.example", stored_policy(clock.time, "none", 604800));
    store("expired.example", stored_policy(clock.time - 700'000s, "enforce", 604800));
    store("due.example", stored_policy(clock.time - 600s, "enforce", 604800));
    Record nothing;
    nothing.last_lookup = {StsState::no_record, "no data", "", clock.time, clock.time + 300s, Time{}, 0};
    store("nothing.example", nothing);
  }
};

const std::string secure = "OK secure match=mx.example.com servername=hostname";

}  // namespace

TEST_CASE("what the cache answers, and what needs a flight", "[policy]") {
  struct Row {
    const char* why;
    std::string request;
    std::string want;
  };
  auto row = GENERATE(values<Row>({
      {"ANS-3 enforce", "postfix good.example", secure},
      {"sendmail: as postfix", "sts good.example", secure},
      {"KEY-5 upper case and final dot", "postfix GOOD.Example.", secure},
      {"ANS-8 [host]:port, policy domain is the host", "postfix [good.example]:587", secure},
      {"PFX-44 service name", "postfix good.example:submission", secure},
      {"ANS-4 testing", "postfix testing.example", "NOTFOUND "},
      {"a zone that takes testing as enforce", "postfix/strict testing.example", secure},
      {"ANS-4 none", "postfix/strict none.example", "NOTFOUND "},
      {"ANS-1 known to have nothing", "postfix nothing.example", "NOTFOUND "},
      {"expired settles nothing", "postfix expired.example", "MISS expired.example"},
      {"unknown", "postfix unknown.example", "MISS unknown.example"},
      {"KEY-4 a parent key", "postfix .good.example", "NOTFOUND "},
      {"STS-36 a subdomain has no part in its parent's policy", "postfix a.good.example",
       "MISS a.good.example"},
      {"KEY-7 address", "postfix [192.0.2.1]", "NOTFOUND "},
      {"KEY-7 address", "postfix 192.0.2.1", "NOTFOUND "},
      {"KEY-7 IPv6", "postfix [2001:db8::1]:25", "NOTFOUND "},
      {"KEY-7 garbage", "postfix a b", "NOTFOUND "},
      {"KEY-7 LMTP path", "postfix unix:private/lmtp", "NOTFOUND "},
      {"empty key", "postfix ", "NOTFOUND "},
      {"KEY-6 U-labels",
       "postfix b\xc3\xbc"
       "cher.example",
       "MISS xn--bcher-kva.example"},
      {"KEY-6 U-labels in brackets with a port",
       "postfix [b\xc3\xbc"
       "cher.example]:587",
       "MISS xn--bcher-kva.example"},
      {"KEY-6 not UTF-8",
       "postfix b\xfc"
       "cher.example",
       "NOTFOUND "},
      {"[dns] private: the zone itself", "postfix corp.example", "NOTFOUND "},
      {"[dns] private: below it", "postfix [mx.corp.example]:25", "NOTFOUND "},
      {"[dns] private: another name with the same end", "postfix notcorp.example", "MISS notcorp.example"},
      {"KEY-4 the parent key of a U-label domain",
       "postfix .b\xc3\xbc"
       "cher.example",
       "NOTFOUND "},
      {"a name without room for _mta-sts.",
       "postfix " + std::string(61, 'a') + "." + std::string(61, 'b') + "." + std::string(61, 'c') + "." +
           std::string(60, 'd'),
       "MISS " + std::string(61, 'a') + "." + std::string(61, 'b') + "." + std::string(61, 'c') + "." +
           std::string(60, 'd')},
      {"prefetch, cached", "prefetch good.example", "OK cached"},
      {"prefetch, unknown", "prefetch unknown.example", "OK queued"},
      {"prefetch never says NOTFOUND", "prefetch .good.example", "OK cached"},
  }));
  INFO(row.why);
  World world;
  CHECK(world.ask(row.request) == row.want);
}

TEST_CASE("a map name that is not ours is PERM, so that a typo can't switch protection off", "[policy]") {
  auto request = GENERATE("postfx good.example", "postfix/nozone good.example", "postfix/ good.example",
                          "POSTFIX good.example", " good.example", "postfix", "", "\x01\xff good.example");
  World world;
  std::string reply = world.ask(request);
  CHECK(reply.starts_with("PERM "));
  CHECK(reply.size() <= 210);
  CHECK(reply.find_first_of("\x01\xff\n") == std::string::npos);
  CHECK(world.reader.finds == 0);
}

TEST_CASE("ANS-2 the 3.10 dialect carries all four attributes", "[policy]") {
  World world;
  CHECK(world.ask("postfix310 good.example") ==
        secure +
            " policy_type=sts policy_domain=good.example mx_host_pattern=mx.example.com"
            " { policy_string = version: STSv1 } { policy_string = mode: enforce }"
            " { policy_string = mx: mx.example.com } { policy_string = max_age: 604800 }");
}

TEST_CASE("after its TTL a cached answer is still given at once, and a recheck is posted now and then",
          "[policy]") {
  World world;
  for (int i = 0; i < 100; ++i) CHECK(world.ask("postfix due.example") == secure);
  CHECK(world.rechecked == std::vector<std::string>{"due.example"});
  world.clock.time += 6s;
  world.ask("postfix due.example");
  CHECK(world.rechecked.size() == 2);
  world.ask("postfix good.example");
  CHECK(world.rechecked.size() == 2);
}

TEST_CASE("a cache that can't be read is TEMP with the reason, never NOTFOUND", "[policy]") {
  World world;
  world.reader.unreadable = true;
  CHECK(world.ask("postfix good.example") == "TEMP the policy cache can't be read: input/output error");
  CHECK(world.ask("postfix unknown.example").starts_with("TEMP "));
  CHECK(world.ask("prefetch good.example") == "TEMP the policy cache can't be read: input/output error");
}

TEST_CASE("the counts of an answer thread add up to its requests", "[policy]") {
  Config config;
  config.policy.dane = false;
  config.dns.private_zones = {"corp.example"};
  Override rule;
  rule.reason = "ticket";
  config.overrides = {{"relay.example", read_override_name("relay.example").value(), rule, false}};
  AnswererWorld world(make_settings(config));
  world.store("good.example", stored_policy(world.clock.time, "enforce", 604800));
  for (const char* each :
       {"postfix good.example", "postfix new.example", "postfix relay.example", "postfix 192.0.2.1",
        "postfix mx.corp.example", "nomap good.example", "", "json good.example"})
    world.ask(each);
  world.reader.unreadable = true;
  world.ask("postfix good.example");
  Counters sum = world.answerer.counters();
  CHECK(sum.requests == 9);
  CHECK(sum.cached == 2);
  CHECK(sum.missed == 1);
  CHECK(sum.overridden == 1);
  CHECK(sum.no_host == 2);
  CHECK(sum.refused == 2);
  CHECK(sum.unreadable == 1);
  CHECK(sum.requests ==
        sum.cached + sum.missed + sum.overridden + sum.no_host + sum.refused + sum.unreadable);
}

TEST_CASE("the wait of a miss: the zone's first_fetch_wait, for sendmail at most 4 s", "[policy]") {
  World world;
  std::string out;
  CHECK(world.answerer.answer("postfix new.example", out)->question.wait == 5s);
  CHECK(world.answerer.answer("sts new.example", out)->question.wait == 4s);
  CHECK(out.empty());
}

TEST_CASE("the reply to each outcome of a flight", "[policy]") {
  World world;
  struct Row {
    const char* why;
    LookupOutcome outcome;
    std::string want;
  };
  Record failed;
  failed.last_lookup = {StsState::fetch_failed, "HTTP status 404",       "1", world.clock.time,
                        world.clock.time + 60s, world.clock.time + 300s, 1};
  const Time now = world.clock.time;
  auto row = GENERATE_COPY(values<Row>({
      {"fetched", {LookupOutcome::State::known, stored_policy(now, "enforce", 604800)}, secure},
      {"max_age 0 serves its own flight",
       {LookupOutcome::State::known, stored_policy(now, "enforce", 0)},
       secure},
      {"STS-38 first fetch failed", {LookupOutcome::State::known, failed}, "NOTFOUND "},
      {"STS-38 not done in time", {LookupOutcome::State::pending, {}}, "NOTFOUND "},
      {"cache unreadable", {LookupOutcome::State::unreadable, {}}, "TEMP the policy cache can't be read"},
      {"a shortage on this host",
       {LookupOutcome::State::shortage, {}, nullptr, "Too many open files"},
       "TEMP this host lacks what a lookup takes: Too many open files"},
  }));
  INFO(row.why);
  std::string out;
  const SettingsPtr without_dane = settings();
  Asked asked{Dialect::postfix, {}, name("new.example"), {}, &without_dane->main, nullptr, {}, {}, false};
  Miss miss{asked, {name("new.example")}, "postfix", without_dane};
  world.answerer.finish(miss, row.outcome, 10ms, out);
  CHECK(out == row.want);
}

TEST_CASE("the json map says what was decided, why, and every dialect's reply", "[policy]") {
  World world;
  std::string reply = world.ask("json good.example");
  REQUIRE(reply.starts_with("OK {"));
  CHECK(reply.find(R"("decision":"secure")") != std::string::npos);
  CHECK(reply.find(R"("postfix":"OK secure match=mx.example.com servername=hostname")") != std::string::npos);
  CHECK(reply.find(R"("mode":"enforce")") != std::string::npos);
  CHECK(world.ask("json .good.example").find(R"("decision":"none")") != std::string::npos);
  CHECK(world.ask("json nothing.example").find(R"("policy":null)") != std::string::npos);
}

TEST_CASE("every next hop that could have a policy is noted as used", "[policy]") {
  World world;
  world.ask("postfix good.example");
  world.ask("postfix unknown.example");
  world.ask("postfix .good.example");
  CHECK(world.reader.used == std::vector<std::string>{"good.example", "unknown.example"});
}
