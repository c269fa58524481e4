#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "../lookup/dane_fakes.hpp"
#include "answerer_world.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

const std::string by_policy = "OK secure match=mx.example.com servername=hostname";

HealthPtr health(std::optional<bool> postfix_dane, bool dnssec = true) {
  Health health;
  health.dnssec = dnssec;
  health.dnssec_detail = dnssec ? "" : "the clock may be wrong";
  health.postfix_dane = postfix_dane;
  return std::make_shared<const Health>(health);
}

Config config() {
  Config config;
  config.zones["only"].partial_dane = PartialDane::dane_only;
  config.zones["submission"].default_port = 587;
  config.zones["without"].dane = false;
  config.zones["no"].postfix_dane = PostfixDaneSetting::no;
  config.zones["yes"].postfix_dane = PostfixDaneSetting::yes;
  config.zones["down"].on_dnssec_down = OnDnssecDown::temp;
  config.zones["ignore"].on_dnssec_down = OnDnssecDown::ignore_dane;
  auto add = [&](const char* domain, OverrideAction action, std::string answer = {}) {
    config.overrides.push_back(
        {domain, {name(domain), false, false, false, {}}, {action, std::move(answer), "ticket 4711"}, false});
  };
  add("none.over.example", OverrideAction::no_policy);
  add("given.over.example", OverrideAction::answer, "encrypt ciphers=high");
  add("may.over.example", OverrideAction::answer, "DANE-only");
  add("secure.over.example", OverrideAction::answer, "secure match=x.example servername=hostname");
  add("nodane.over.example", OverrideAction::ignore_dane);
  add("fresh.over.example", OverrideAction::ignore_dane);
  return config;
}

DaneState state(std::string_view hosts, Time now, Route route = {}) {
  DaneState dane;
  dane.route = route;
  dane.mx = MxState::secure;
  dane.hosts = test::host_list(hosts);
  dane.looked_up_at = now;
  dane.valid_until = now + 400s;
  return dane;
}

struct DaneWorld : AnswererWorld {
  DaneWorld() : AnswererWorld(make_settings(config())) {
    answerer.use(health(true));
    put("all.example", "u+mx.all.example", false);
    put("some.example", "u+mx1.x\n0=mx2.x", false);
    put("some-sts.example", "u+mx1.x\n0=mx2.x", true);
    put("failed-sts.example", "f+mx1.x", true);
    put("nodane.over.example", "u+mx.x", true);
    put("port.example", "u+mx.x", false, {false, 587});
  }
  void put(std::string_view domain, std::string hosts, bool enforce, Route route = {}) {
    Record record;
    if (enforce) record = stored_policy(clock.time, "enforce", 604800);
    if (!enforce)
      record.last_lookup = {StsState::no_record, "no data", "", clock.time, clock.time + 400s, Time{}, 0};
    record.dane.push_back(state(std::move(hosts), clock.time, route));
    store(domain, std::move(record));
  }
};

}  // namespace

TEST_CASE("DANE from the cache, by dialect and zone", "[policy]") {
  struct Row {
    const char* why;
    std::string request, want;
  };
  auto row = GENERATE(values<Row>({
      {"DANE-24", "postfix all.example", "OK dane-only"},
      {"PFX-27: no STS attributes", "postfix310 all.example", "OK dane-only"},
      {"sendmail does DANE itself", "sts all.example", "NOTFOUND "},
      {"rule 5, no policy", "postfix some.example", "OK dane"},
      {"rule 5, sts", "postfix some-sts.example", by_policy},
      {"rule 5, dane-only in a zone", "postfix/only some-sts.example", "OK dane-only"},
      {"STS-49 with the reason", "postfix failed-sts.example", "TEMP DANE undecided: why it failed"},
      {"a zone without DANE", "postfix/without failed-sts.example", by_policy},
      {"PFX-8: a zone whose Postfix does not do DANE", "postfix/no all.example", "NOTFOUND "},
      {"PFX-8: the same beside a policy", "postfix/no some-sts.example", by_policy},
      {"a prefetch", "prefetch all.example", "OK cached"},
      {"another port is another question", "postfix all.example:587", "MISS all.example"},
      {"the default port written out", "postfix all.example:25", "OK dane-only"},
      {"as a service", "postfix all.example:smtp", "OK dane-only"},
      {"brackets are another question", "postfix [all.example]", "MISS all.example"},
      {"a zone's default port", "postfix/submission port.example", "OK dane-only"},
      {"a port that was looked up", "postfix port.example:submission", "OK dane-only"},
      {"a port that was not", "postfix port.example", "MISS port.example"},
      {"unknown", "postfix unknown.example", "MISS unknown.example"},
      {"override: no-policy, before any DNS", "postfix none.over.example", "NOTFOUND "},
      {"override: an answer, before any DNS", "postfix given.over.example", "OK encrypt ciphers=high"},
      {"override: an answer in each dialect", "postfix310/only given.over.example:587",
       "OK encrypt ciphers=high"},
      {"override: an answer that sendmail can't take", "sts given.over.example",
       "TEMP the override's answer is for Postfix only"},
      {"override: an answer that is sendmail's own affair", "sts may.over.example", "NOTFOUND "},
      {"override: an answer that sendmail knows", "sts secure.over.example",
       "OK secure match=x.example servername=hostname"},
      {"override: ignore-dane", "postfix nodane.over.example", by_policy},
  }));
  INFO(row.why);
  DaneWorld world;
  for (auto& [domain, record] : world.reader.records)
    if (record.dane[0].hosts.text().starts_with('f')) record.dane[0].detail = "why it failed";
  CHECK(world.ask(row.request) == row.want);
}

TEST_CASE("PFX-8: dane-only is for a Postfix whose resolver shows AD", "[policy]") {
  DaneWorld world;
  world.answerer.use(health(false));
  CHECK(world.ask("postfix all.example") == "NOTFOUND ");
  CHECK(world.ask("postfix some-sts.example") == by_policy);
  CHECK(world.ask("postfix/yes all.example") == "OK dane-only");
  CHECK(world.ask("sts all.example") == "NOTFOUND ");
  world.answerer.use(health(std::nullopt));
  CHECK(world.ask("postfix all.example").starts_with("TEMP not known yet"));
  CHECK(world.ask("postfix some-sts.example") == by_policy);
}

TEST_CASE("PFX-8: if Postfix does not do DANE, nothing is asked about it", "[policy]") {
  DaneWorld world;
  std::string out;
  auto asks_dane = [&](const char* request) {
    out.clear();
    auto miss = world.answerer.answer(request, out);
    REQUIRE(miss);
    return miss->question.dane.has_value();
  };
  CHECK(asks_dane("postfix new.example"));
  CHECK(asks_dane("sts new.example"));
  CHECK_FALSE(asks_dane("postfix/no new.example"));
  CHECK_FALSE(asks_dane("sts/no new.example"));  // a "no" in the file wins for sendmail too
  world.answerer.use(health(false));
  CHECK_FALSE(asks_dane("postfix new.example"));
  CHECK(asks_dane("postfix/yes new.example"));
  CHECK(asks_dane("sts new.example"));  // what is known about Postfix does not count for sendmail
  world.answerer.use(health(std::nullopt));
  CHECK(asks_dane("postfix new.example"));
}

TEST_CASE("a bogus MX defers no mail of a Postfix that does not do DANE", "[policy]") {
  DaneWorld world;
  for (auto& [domain, record] : world.reader.records) {
    record.dane[0] = {};
    record.dane[0].trouble = MxTrouble::bogus;
    record.dane[0].next_try = world.clock.time + 30s;
  }
  CHECK(world.ask("postfix some-sts.example").starts_with("TEMP "));
  CHECK(world.ask("postfix/no some-sts.example") == by_policy);
  CHECK(world.ask("postfix/no all.example") == "NOTFOUND ");
  CHECK(world.ask("sts some-sts.example").starts_with("TEMP "));
  CHECK(world.ask("sts/no some-sts.example") == by_policy);
}

namespace {

HealthPtr down(std::chrono::seconds for_so_long, Time now, bool worked = true) {
  Health health;
  health.dnssec = false;
  health.dnssec_detail = "the clock may be wrong";
  health.dnssec_worked = worked;
  health.dnssec_down_since = now - for_so_long;
  health.postfix_dane = true;
  return std::make_shared<const Health>(health);
}

// A domain whose MX is bogus now. proof: the hosts of its last proof; "" if it has none.
Record now_bogus(Time now, const std::string& proof) {
  Record record = stored_policy(now, "enforce", 604800);
  DaneState dane = proof.empty() ? DaneState{} : state(proof, now - 86400s);
  dane.looked_up_at = now - 86400s;
  dane.trouble = MxTrouble::bogus;
  dane.next_try = now + 30s;
  record.dane = {dane};
  return record;
}

}  // namespace

TEST_CASE("on_dnssec_down: by zone, by how long it lasts, by what was proved", "[policy]") {
  DaneWorld world;
  Time now = world.clock.time;
  world.store("had.example", now_bogus(now, "u+mx.x"));
  world.store("had-none.example", now_bogus(now, "0+mx.x"));
  world.store("never.example", now_bogus(now, ""));
  const std::string waits = "TEMP DNSSEC validation is down: the clock may be wrong";
  const std::string had = "TEMP DNSSEC validation is down, and the domain had DANE: the clock may be wrong";
  world.answerer.use(down(3599s, now));
  CHECK(world.ask("postfix all.example") == "OK dane-only");  // validated, and its TTL is not over
  CHECK(world.ask("postfix had.example") == had);
  CHECK(world.ask("postfix had-none.example") == by_policy);
  CHECK(world.ask("postfix never.example") == waits);
  CHECK(world.ask("postfix/down never.example") == waits);
  CHECK(world.ask("postfix/down had-none.example") == waits);
  CHECK(world.ask("postfix/ignore had.example") == by_policy);
  world.answerer.use(down(3600s, now));
  CHECK(world.ask("postfix had.example") == had);
  CHECK(world.ask("postfix never.example") == by_policy);
  CHECK(world.ask("postfix/down never.example") == waits);
  world.answerer.use(down(0s, now, false));  // it never worked here
  CHECK(world.ask("postfix had.example") == had);
  CHECK(world.ask("postfix never.example") == by_policy);
}

TEST_CASE("DANE is asked although the DNSSEC check says that DNSSEC is down", "[policy]") {
  DaneWorld world;
  world.answerer.use(down(7200s, world.clock.time));
  std::string out;
  auto miss = world.answerer.answer("postfix unknown.example", out);
  REQUIRE(miss);
  CHECK(miss->question.dane == Route{});
  Record record = stored_policy(world.clock.time, "enforce", 604800);
  record.dane.push_back(state("u+mx.x", world.clock.time));
  world.answerer.finish(*miss, {LookupOutcome::State::known, record}, 1s, out);
  CHECK(out == "OK dane-only");
}

// If DNSSEC never works, every DANE lookup fails: no asker waits for the next one.
TEST_CASE("a failed lookup is repeated in the background while DNSSEC is down", "[policy]") {
  DaneWorld world;
  world.store("never.example", now_bogus(world.clock.time, ""));
  world.store("had.example", now_bogus(world.clock.time, "u+mx.x"));
  world.clock.time += 31s;
  CHECK(world.ask("postfix never.example") == "MISS never.example");
  world.answerer.use(down(7200s, world.clock.time));
  CHECK(world.ask("postfix never.example") == by_policy);
  CHECK(world.rechecked == std::vector<std::string>{"never.example"});
  CHECK(world.ask("postfix had.example") == "MISS had.example");  // its mail would have to wait
}

// The policy lookup is due, but can't change the reply.
TEST_CASE("if DANE decides alone, the reply comes at once, and the policy lookup runs later", "[policy]") {
  DaneWorld world;
  for (const char* domain : {"all.example", "some.example"}) {
    Record record;
    record.last_lookup = {StsState::no_record, "no data", "", world.clock.time - 400s,
                          world.clock.time,    Time{},    0};
    record.dane.push_back(state(domain[0] == 'a' ? "u+mx.x" : "u+mx1.x\n0=mx2.x", world.clock.time));
    world.store(domain, record);
  }
  CHECK(world.ask("postfix all.example") == "OK dane-only");
  CHECK(world.rechecked == std::vector<std::string>{"all.example"});
  CHECK(world.ask("postfix some.example") == "MISS some.example");
}

TEST_CASE("how long the asker waits for what", "[policy]") {
  DaneWorld world;
  std::string out;
  Question main = world.answerer.answer("postfix new.example", out)->question;
  CHECK(main.fetch_wait == 5s);
  CHECK(main.wait == 8s);
  CHECK(main.dane == Route{});
  Question sendmail = world.answerer.answer("sts [new.example]:465", out)->question;
  CHECK(sendmail.wait == 4s);
  CHECK(sendmail.fetch_wait == 3500ms);  // so that there is time to answer with what is known by then
  CHECK(sendmail.dane == Route{true, 465});
  Question policy_alone = world.answerer.answer("postfix/without new.example", out)->question;
  CHECK(policy_alone.wait == 5s);
  CHECK_FALSE(policy_alone.dane);
  CHECK(world.answerer.answer("postfix [new.example]:no-such-service", out)->question.dane == Route{true, 0});
}

TEST_CASE("STS-40: three seconds for a newer policy, then the cached one", "[policy]") {
  DaneWorld world;
  Record record = stored_policy(world.clock.time - 100s, "enforce", 604800);
  record.dane.push_back(state("0+mx.elsewhere.example", world.clock.time));
  record.dane[0].off_policy = true;
  world.store("off.example", record);
  std::string out;
  auto miss = world.answerer.answer("postfix off.example", out);
  REQUIRE(miss);
  CHECK(miss->question.fetch_wait == 3s);
  world.answerer.finish(*miss, {LookupOutcome::State::pending, {}}, 3s, out);
  CHECK(out == by_policy);
  out.clear();
  miss = world.answerer.answer("json off.example", out);
  REQUIRE(miss);
  world.answerer.finish(*miss, {LookupOutcome::State::pending, {}}, 3s, out);
  CHECK(out.contains("\"reason\":\"enforce policy\",\"detail\":\"no MX host fits the policy"));
}

TEST_CASE("STS-49: when the wait is over and DANE undecided, the mail waits", "[policy]") {
  DaneWorld world;
  std::string out;
  auto miss = world.answerer.answer("postfix unknown.example", out);
  world.answerer.finish(*miss, {LookupOutcome::State::pending, {}}, 8s, out);
  CHECK(out == "TEMP DANE undecided: DNS gave no answer in time");
  out.clear();
  world.store("sts.example", stored_policy(world.clock.time, "enforce", 604800));
  miss = world.answerer.answer("postfix sts.example", out);
  REQUIRE(miss);
  world.answerer.finish(*miss, {LookupOutcome::State::pending, {}}, 8s, out);
  CHECK(out.starts_with("TEMP DANE undecided"));
  out.clear();
  miss = world.answerer.answer("postfix/without unknown.example", out);
  world.answerer.finish(*miss, {LookupOutcome::State::pending, {}}, 5s, out);
  CHECK(out == "NOTFOUND ");
}

TEST_CASE("a Miss outlives a reload: it keeps zone and override, and uses the present health", "[policy]") {
  DaneWorld world;
  std::string out;
  auto ignoring = world.answerer.answer("postfix fresh.over.example", out);
  auto miss = world.answerer.answer("postfix/only some.fresh.example", out);
  REQUIRE(ignoring);
  REQUIRE(miss);
  world.answerer.use(make_settings(Config{}));
  Record record = stored_policy(world.clock.time, "enforce", 604800);
  record.dane.push_back(state("u+mx.x\n0=mx2.x", world.clock.time));
  world.answerer.finish(*ignoring, {LookupOutcome::State::known, record}, 1s, out);
  CHECK(out == by_policy);  // the override was ignore-dane
  out.clear();
  world.answerer.finish(*miss, {LookupOutcome::State::known, record}, 1s, out);
  CHECK(out == "OK dane-only");  // partial_dane of the removed zone
  out.clear();
  world.answerer.use(health(false));
  world.answerer.finish(*miss, {LookupOutcome::State::known, record}, 1s, out);
  CHECK(out == by_policy);
}

TEST_CASE("the last quarter of a DANE state starts a recheck of that next hop", "[policy]") {
  DaneWorld world;
  world.clock.time += 300s;
  CHECK(world.ask("postfix all.example") == "OK dane-only");
  CHECK(world.rechecked == std::vector<std::string>{"all.example"});
}

TEST_CASE("the json map has the trace of this request's flight", "[policy]") {
  DaneWorld world;
  std::string out;
  auto miss = world.answerer.answer("json new.example", out);
  REQUIRE(miss);
  CHECK(miss->question.trace);
  CHECK_FALSE(world.answerer.answer("postfix new.example", out)->question.trace);
  DnsStep mx{"new.example", RrType::mx,
             dns_failure("DNSSEC bogus: \x1b[31msignature", DnsAnswer::Security::bogus), 7ms};
  HttpsStep https{name("new.example"), HttpAnswer{200, "text/plain", "version: STSv1\n"}, 9ms};
  LookupOutcome outcome{LookupOutcome::State::known, {}, std::make_shared<const Trace>(Trace{mx, https})};
  world.answerer.finish(*miss, outcome, 10ms, out);
  for (const char* part : {R"("name":"new.example","type":"MX","security":"bogus")", R"(\\x1b[31msignature)",
                           R"("url":"https://mta-sts.new.example/.well-known/mta-sts.txt","status":200)",
                           R"("body":"version: STSv1\n")"})
    CHECK(out.contains(part));
  CHECK(world.ask("json all.example").contains(R"("trace":null)"));  // from the cache
}

TEST_CASE("SM-7: a trace that is too long is left out first", "[policy]") {
  DaneWorld world;
  std::string out;
  auto miss = world.answerer.answer("json new.example", out);
  HttpsStep https{name("new.example"), HttpAnswer{200, "text/plain", std::string(64'000, '\x01')}, 9ms};
  LookupOutcome outcome{LookupOutcome::State::known, {}, std::make_shared<const Trace>(Trace{https})};
  world.answerer.finish(*miss, outcome, 10ms, out);
  CHECK(out.size() < 5'000);
  CHECK(out.contains(R"("trace":null)"));
  CHECK(out.contains(R"("postfix":"TEMP)"));
}

TEST_CASE("the json map has DANE, rules and overrides", "[policy]") {
  DaneWorld world;
  std::string reply = world.ask("json some-sts.example");
  for (const char* part : {R"("rule":"6")", R"("mx":"secure")", R"({"host":"mx1.x","state":"usable TLSA")",
                           R"("override":null)", R"("postfix_dane":"yes")", R"("partial_dane":"sts")"})
    CHECK(reply.contains(part));
  std::string over = world.ask("json none.over.example");
  for (const char* part :
       {R"("rule":"2")", R"("action":"no-policy")", R"("reason":"ticket 4711")", R"("until":null)"})
    CHECK(over.contains(part));
}
