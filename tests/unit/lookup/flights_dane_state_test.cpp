// What becomes of the states that flights find: for whom they count, and what is stored.
#include <catch2/catch_test_macros.hpp>

#include "dane_flights.hpp"
#include "lookup/freshness.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

TEST_CASE("DANE-27: a state counts for the askers of its own flight, however short its TTL", "[lookup]") {
  DaneFlights world;
  world.dns->answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}}, insecure, 1);
  world.dns->delays["_mta-sts.example.com/TXT"] = 300ms;
  world.ask(Route{}, 5s, 8s);
  world.run_for(100ms);
  world.clock.time += 5s;  // longer than the TTL, before the policy is there
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  auto state = world.state(0);
  REQUIRE(state);
  CHECK(state_in_force(view(*state), world.clock.time));
}

TEST_CASE("a report that throws leaves no flight behind", "[lookup]") {
  boost::asio::io_context loop;
  auto network = std::make_shared<Network>(std::make_unique<FakeDns>(), std::make_unique<FakeFetch>());
  FakeStore store;
  FakeClock clock;
  bool throws = true;
  Flights flights(loop.get_executor(), network, store, clock, [&](const FlightReport&) {
    if (throws) throw std::bad_alloc();
  });
  std::vector<LookupOutcomePtr> outcomes;
  auto ask = [&] {
    flights.ask({name("example.com"), std::nullopt, 5s, 8s},
                [&](LookupOutcomePtr o) { outcomes.push_back(std::move(o)); });
    loop.restart();
    loop.run();
  };
  ask();
  REQUIRE(outcomes.size() == 1);
  CHECK(flights.flying() == 0);
  throws = false;
  ask();
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[1]->state == LookupOutcome::State::known);
}

TEST_CASE("nine next hops of a domain at once all get their answer", "[lookup]") {
  DaneFlights world;
  world.fetch->delay = 200ms;
  world.dns->answers["example.com/A"] = address(secure);
  for (std::uint16_t port = 1; port <= 9; ++port) world.ask(Route{true, port}, 50ms, 5s);
  world.run_for(2s);
  REQUIRE(world.outcomes.size() == 9);
  for (std::uint16_t port = 1; port <= 9; ++port) {
    bool told = std::ranges::any_of(world.outcomes, [&](const LookupOutcomePtr& outcome) {
      return std::ranges::find(outcome->record.dane, Route{true, port}, &DaneState::route) !=
             outcome->record.dane.end();
    });
    CHECK(told);
  }
}

TEST_CASE("STS-40: where the MX hosts can't satisfy the policy, a newer policy is looked up first",
          "[lookup]") {
  DaneFlights world;
  Record record = stored_policy(world.clock.time - 100s, "enforce", 604800);
  record.policy->mx = test::mx_list("old.example.com");
  DaneState& state = record.dane.emplace_back();
  state.mx = MxState::insecure;
  state.hosts = test::host_list("-+mx.example.com");
  state.off_policy = true;
  state.looked_up_at = world.clock.time - 10s;
  state.valid_until = world.clock.time + 290s;
  world.store.records.emplace(name("example.com"), record);
  CHECK(freshness(view(record), world.clock.moment(), Route{}) == Freshness::wait);
  world.dns->answer = txt({"v=STSv1; id=2;"});
  world.fetch->answer = ok(body("enforce", 604800, "mx.example.com"));

  SECTION("the newer policy decides") {
    world.ask(Route{}, 3s, 8s);
    world.run_for(1s);
    REQUIRE(world.outcomes.size() == 1);
    CHECK(world.outcomes[0]->record.policy->mx.text() == "mx.example.com");
    CHECK_FALSE(world.state(0)->off_policy);
  }
  SECTION("if the wait ends first, the cached one decides") {
    world.fetch->delay = 1s;
    world.ask(Route{}, 200ms, 8s);
    world.run_for(500ms);
    REQUIRE(world.outcomes.size() == 1);
    CHECK(world.outcomes[0]->record.policy->mx.text() == "old.example.com");
    world.run_for(2s);
  }
  SECTION("at most once a minute") {
    record.last_lookup.at = world.clock.time - 30s;
    CHECK(freshness(view(record), world.clock.moment(), Route{}) == Freshness::answer);
  }
}

TEST_CASE("a dead zone is waited for once for each next hop, and then remembered", "[lookup]") {
  DaneFlights world;
  world.dns->answers["example.com/MX"] = dns_failure("timeout after 5 s");
  world.dns->delays["example.com/MX"] = 300ms;
  for (int i = 0; i < 50; ++i) world.ask(Route{}, 100ms, 200ms);
  world.run_for(250ms);
  world.ask(Route{}, 100ms, 200ms);
  REQUIRE(world.outcomes.size() == 1);  // the late one does not wait; the fifty have timers of their own
  CHECK(world.outcomes[0]->state == LookupOutcome::State::pending);
  world.run_for(1s);
  CHECK(world.outcomes.size() == 51);
  world.ask(Route{}, 100ms, 200ms);
  REQUIRE(world.outcomes.size() == 52);  // remembered: at once
  CHECK(world.state(51)->trouble == MxTrouble::failed);
  CHECK(std::ranges::count(world.dns->asked_names, "example.com/MX") == 1);
}

TEST_CASE("a flight keeps a trace if the question that starts it wants one", "[lookup]") {
  DaneFlights world;
  world.flights.ask({name("example.com"), Route{}, 100ms, 1s, true},
                    [&](LookupOutcomePtr o) { world.outcomes.push_back(o); });
  world.flights.ask({name("other.example"), Route{}, 100ms, 1s},
                    [&](LookupOutcomePtr o) { world.outcomes.push_back(o); });
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 2);
  auto traced =
      std::ranges::find_if(world.outcomes, [](const LookupOutcomePtr& o) { return o->trace != nullptr; });
  REQUIRE(traced != world.outcomes.end());
  const Trace& trace = *(*traced)->trace;
  CHECK(trace.size() == 6);
  CHECK(find_step(trace, "_25._tcp.mx.example.com", RrType::tlsa) != nullptr);
  REQUIRE(find_https(trace) != nullptr);
  CHECK(find_https(trace)->answer->status == 200);
  CHECK(std::ranges::count_if(world.outcomes,
                              [](const LookupOutcomePtr& o) { return o->trace != nullptr; }) == 1);
}

TEST_CASE("an exception in the DANE lookup is a trouble, and the policy is kept", "[lookup]") {
  DaneFlights world;
  world.store.records.emplace(name("example.com"), stored_policy(world.clock.time - 600s, "enforce", 604800));
  world.dns->throws = true;
  world.ask();
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  CHECK(world.state(0)->trouble == MxTrouble::failed);
  CHECK(world.state(0)->detail.contains("internal error"));
}

TEST_CASE("DANE-27: when a state answers, and when it is due for a recheck", "[lookup]") {
  const Time now{1'000'000s};
  DaneState state;
  state.mx = MxState::secure;
  state.looked_up_at = now;
  state.valid_until = now + 400s;
  auto at = [&](std::chrono::seconds after) { return dane_freshness(view(state), now + after); };
  CHECK(dane_freshness(std::nullopt, now) == Freshness::wait);
  CHECK(at(0s) == Freshness::answer);
  CHECK(at(299s) == Freshness::answer);
  CHECK(at(300s) == Freshness::answer_and_recheck);
  CHECK(at(399s) == Freshness::answer_and_recheck);
  CHECK(at(400s) == Freshness::wait);
  CHECK(at(-1s) == Freshness::wait);  // the clock was set back
  state.trouble = MxTrouble::failed;
  state.next_try = now + 330s;
  CHECK(at(310s) == Freshness::answer);
  CHECK(at(330s) == Freshness::answer_and_recheck);  // the state still decides
  CHECK(at(400s) == Freshness::wait);
  state.trouble = MxTrouble::bogus;
  CHECK(at(310s) == Freshness::answer);
  CHECK(at(330s) == Freshness::wait);
  state.next_try = now + 86400s;  // written under a wrong clock
  CHECK(at(500s) == Freshness::wait);
}

TEST_CASE("what was last proved about a host stays in the entry, however often its lookup fails",
          "[lookup]") {
  DaneFlights world;
  const Time proved = world.clock.time;
  std::string kind = "n";
  SECTION("it had TLSA records") {}
  SECTION("it had none") {
    kind = "0";
    world.dns->answers["_25._tcp.mx.example.com/TLSA"] = no_data(secure);
  }
  SECTION("it was in an unsigned zone") {
    kind = "i";
    world.dns->answers["mx.example.com/A"] = address(insecure);
  }
  world.ask();
  world.run_for(2s);
  world.dns->answers["mx.example.com/A"] = address(secure);
  world.dns->answers["_25._tcp.mx.example.com/TLSA"] = bogus(tlsa({"3 1 1 " + digest}));
  const std::string proof = ' ' + kind + std::to_string(proved.time_since_epoch().count());
  for (auto later : {1h, 5 * 24h, 30 * 24h}) {
    world.clock.time = proved + later;
    world.ask();
    world.run_for(2s);
    CHECK(world.store.records.at(name("example.com")).dane.at(0).hosts.text() == "f+mx.example.com" + proof);
  }
  world.clock.time = proved + 30 * 24h + 10min;  // it is looked up again
  world.ask();
  world.run_for(2s);
  CHECK(world.store.records.at(name("example.com")).dane.at(0).hosts.text() == "f+mx.example.com");
}
