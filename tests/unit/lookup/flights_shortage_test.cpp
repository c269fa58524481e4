// What this host lacks says nothing about a domain.
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "dane_flights.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

constexpr const char* why = "Too many open files";

DnsAnswer local_failure() {
  DnsAnswer answer = dns_failure(why);
  answer.local = true;
  return answer;
}

HttpResult local_fetch_failure() {
  FetchError error{FetchStep::connect, why};
  error.local = true;
  return std::unexpected(error);
}

}  // namespace

TEST_CASE("a first lookup that fails by a shortage is deferred, not remembered, and made again",
          "[shortage]") {
  DaneFlights world;
  std::string what = GENERATE("TXT", "fetch", "MX", "address", "TLSA");
  CAPTURE(what);
  auto good = world.dns->answers;
  if (what == "TXT") world.dns->answers["_mta-sts.example.com/TXT"] = local_failure();
  if (what == "fetch") world.fetch->answer = local_fetch_failure();
  if (what == "MX") world.dns->answers["example.com/MX"] = local_failure();
  if (what == "address") world.dns->answers["mx.example.com/A"] = local_failure();
  if (what == "TLSA") world.dns->answers["_25._tcp.mx.example.com/TLSA"] = local_failure();
  world.ask(Route{}, 5s, 8s);
  world.run();
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->state == LookupOutcome::State::shortage);
  CHECK(world.outcomes[0]->detail == why);
  for (const auto& [domain, record] : world.store.records) {
    CHECK((record.last_lookup.state == StsState::not_asked || record.last_lookup.state == StsState::current));
    for (const auto& state : record.dane) CHECK(state.trouble == MxTrouble::none);
  }
  world.dns->answers = good;
  world.fetch->answer = ok(body("enforce", 604800));
  world.ask(Route{}, 5s, 8s);
  world.run();
  REQUIRE(world.outcomes.size() == 2);
  REQUIRE(world.outcomes[1]->state == LookupOutcome::State::known);
  CHECK(world.outcomes[1]->record.policy->mode == Mode::enforce);
  CHECK(world.state(1)->mx == MxState::secure);
}

TEST_CASE("an asker that does not need what failed by a shortage is answered", "[shortage]") {
  DaneFlights world;
  world.dns->answers["example.com/MX"] = local_failure();
  world.ask(std::nullopt, 5s, 8s);
  world.ask(Route{}, 5s, 8s);
  world.run();
  REQUIRE(world.outcomes.size() == 2);
  CHECK(std::ranges::count(world.outcomes, LookupOutcome::State::shortage,
                           [](const auto& each) { return each->state; }) == 1);
  CHECK(std::ranges::count_if(world.outcomes,
                              [](const auto& each) { return each->record.policy.has_value(); }) == 1);
  REQUIRE(world.store.records.size() == 1);
  CHECK(world.store.records.begin()->second.policy);
  CHECK(world.store.records.begin()->second.dane.empty());
}

TEST_CASE("a shortage that outlasts the wait for the policy still does not mean that there is no policy",
          "[shortage]") {
  DaneFlights world;
  world.dns->answers["_mta-sts.example.com/TXT"] = txt({"v=STSv1; id=1;"});
  world.fetch->answer = local_fetch_failure();
  world.dns->answers["example.com/MX"] = local_failure();
  world.fetch->delay = 200ms;  // MX has failed by then, and the policy is not known
  world.ask(std::nullopt, 100ms, 1s);
  world.run_for(150ms);
  world.ask(Route{}, 100ms, 1s);
  world.run();
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.outcomes[1]->state == LookupOutcome::State::shortage);
  CHECK(world.store.records.empty());
}

TEST_CASE("a refresh that fails by a shortage changes nothing", "[shortage]") {
  DaneFlights world;
  Record stored = stored_policy(world.clock.time - 86400s, "enforce", 604800);
  world.store.records.emplace(name("example.com"), stored);
  world.fetch->answer = local_fetch_failure();
  world.flights.look_up_again(name("example.com"), std::nullopt, Trigger::refresh);
  world.run();
  CHECK(world.store.puts == 0);
  world.ask(std::nullopt, 5s, 8s);
  world.run();
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->state == LookupOutcome::State::known);
  CHECK(world.outcomes[0]->record.policy->mode == Mode::enforce);
}

TEST_CASE("a policy that was fetched is kept, although its id could not be asked for", "[shortage]") {
  DaneFlights world;
  Record stored = stored_policy(world.clock.time - 604000s, "enforce", 604800);
  world.store.records.emplace(name("example.com"), stored);
  world.dns->answers["_mta-sts.example.com/TXT"] = local_failure();
  world.flights.look_up_again(name("example.com"), std::nullopt, Trigger::refresh);
  world.run();
  CHECK(world.store.records.at(name("example.com")).fetched_at > stored.fetched_at);
}

TEST_CASE("what an earlier flight could not store is stored by the next, although its asker has left",
          "[shortage]") {
  DaneFlights world;
  world.store.fail_puts = 1'000'000;
  world.ask(std::nullopt);
  world.run_for(400ms);
  REQUIRE(world.outcomes.size() == 1);
  REQUIRE(world.outcomes[0]->record.policy);

  world.flights.use(nullptr);
  world.ask(Route{}, 1s, 1s);  // another flight, for the DANE state
  boost::asio::steady_timer pause(world.loop, 2s);
  pause.async_wait([](auto) {});
  world.run_for(2s);

  world.store.fail_puts = 0;
  world.dns->answers.clear();
  world.dns->answer = dns_failure("timeout");  // the policy can only come from the first flight
  world.fetch->answer = std::unexpected(FetchError{FetchStep::connect, "timeout"});
  world.flights.use(world.network);
  world.run();
  REQUIRE(world.store.records.contains(name("example.com")));
  const Record& stored = world.store.records.at(name("example.com"));
  REQUIRE(stored.policy);
  CHECK(stored.policy->mode == Mode::enforce);
}
