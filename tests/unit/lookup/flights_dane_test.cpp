// What an asker waits for when a flight looks up policy and DANE at once.
#include <catch2/catch_test_macros.hpp>

#include "dane_flights.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

TEST_CASE("policy and DANE are looked up at once, and both are in the outcome and in the entry", "[lookup]") {
  DaneFlights world;
  world.ask();
  world.run_for(2s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
  CHECK(world.store.records.at(name("example.com")).dane.size() == 1);
  CHECK(world.looked == std::vector<Route>{{}});
}

TEST_CASE("an asker who needs no DANE does not wait for it", "[lookup]") {
  DaneFlights world;
  world.dns->delays["example.com/MX"] = 600ms;
  world.ask(std::nullopt);
  world.ask();
  world.run_for(300ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  world.run_for(2s);
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.state(1)->mx == MxState::secure);
}

TEST_CASE("STS-38: a slow policy host is waited for fetch_wait, once DANE is decided", "[lookup]") {
  DaneFlights world;
  world.fetch->delay = 1500ms;
  world.ask(Route{}, 200ms, 5s);
  world.run_for(100ms);
  CHECK(world.outcomes.empty());
  world.run_for(500ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.last_lookup.state == StsState::pending);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
  world.ask(Route{}, 200ms, 5s);  // a second one does not wait again
  CHECK(world.outcomes.size() == 2);
  world.run_for(3s);
  CHECK(world.store.records.at(name("example.com")).policy);
}

TEST_CASE("a policy that can't change the answer is not waited for", "[lookup]") {
  DaneFlights world;
  world.dns->answers["_25._tcp.mx.example.com/TLSA"] = tlsa({"3 1 1 " + digest});
  SECTION("its host never answers") { world.fetch->delay = 1h; }
  SECTION("its record never comes") { world.dns->delays["_mta-sts.example.com/TXT"] = 1h; }
  world.ask(Route{}, 30min, 1h);
  world.run_for(100ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts.text() == "u+mx.example.com");
  CHECK(world.outcomes[0]->record.last_lookup.state == StsState::pending);
  world.ask(Route{}, 30min, 1h);  // nor by the next one
  CHECK(world.outcomes.size() == 2);
}

TEST_CASE("where the zone's rules make the policy matter, it is waited for", "[lookup]") {
  DaneFlights world;
  world.dns->answers["_25._tcp.mx.example.com/TLSA"] = tlsa({"3 1 1 " + digest});
  world.fetch->delay = 300ms;
  world.flights.ask({name("example.com"), Route{}, 30min, 1h, false, {.postfix_dane = PostfixDane::no}},
                    [&](LookupOutcomePtr o) { world.outcomes.push_back(o); });
  world.run_for(100ms);
  CHECK(world.outcomes.empty());
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
}

TEST_CASE("STS-49: slow DANE is waited for although the policy is known", "[lookup]") {
  DaneFlights world;
  world.dns->delays["_25._tcp.mx.example.com/TLSA"] = 600ms;
  world.ask(Route{}, 50ms, 5s);
  world.run_for(300ms);
  CHECK(world.outcomes.empty());
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
  CHECK(world.outcomes[0]->record.policy);
}

TEST_CASE("STS-30: with a policy in force only DANE is waited for, not the TXT record", "[lookup]") {
  DaneFlights world;
  world.store.records.emplace(name("example.com"), stored_policy(world.clock.time - 600s, "enforce", 604800));
  world.dns->delays["_mta-sts.example.com/TXT"] = 700ms;
  world.ask(Route{}, 5s, 8s);
  world.run_for(400ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
}

TEST_CASE("what is fresh is not looked up again: DANE alone, or the policy alone", "[lookup]") {
  DaneFlights world;
  Record record = stored_policy(world.clock.time, "enforce", 604800);
  SECTION("the policy is fresh") {
    world.store.records.emplace(name("example.com"), record);
    world.ask();
    world.run_for(1s);
    CHECK(std::ranges::find(world.dns->asked_names, "_mta-sts.example.com/TXT") ==
          world.dns->asked_names.end());
    CHECK(world.dns->asked_names.size() == 4);
  }
  SECTION("the DANE state is fresh") {
    DaneState& state = record.dane.emplace_back();
    state.mx = MxState::insecure;
    state.looked_up_at = world.clock.time;
    state.valid_until = world.clock.time + 300s;
    record.last_lookup.next_check = world.clock.time;
    world.store.records.emplace(name("example.com"), record);
    world.flights.look_up_again(name("example.com"), Route{}, Trigger::ask);
    world.run_for(1s);
    CHECK(world.dns->asked_names == std::vector<std::string>{"_mta-sts.example.com/TXT"});
  }
}

TEST_CASE("a next hop that joins a flight of the same domain is looked up in it", "[lookup]") {
  DaneFlights world;
  world.fetch->delay = 300ms;
  world.dns->answers["example.com/A"] = address(secure);
  world.dns->answers["_587._tcp.example.com/TLSA"] = tlsa({"3 1 9 " + digest});
  world.ask(Route{}, 5s, 5s);
  world.run_for(100ms);
  world.ask(Route{true, 587}, 5s, 5s);
  world.run_for(3s);
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.state(1, {true, 587})->hosts.text() == "n+example.com");
  const Record& stored = world.store.records.at(name("example.com"));
  CHECK(stored.dane.size() == 2);
  CHECK(stored.policy);
  CHECK(world.fetch->asked == 1);
}

TEST_CASE("an asker that joins a flight does not have to wait for its slow policy host", "[lookup]") {
  DaneFlights world;
  world.fetch->delay = 1500ms;
  world.store.records.emplace(name("example.com"),
                              stored_policy(world.clock.time - 90'000s, "enforce", 604800));
  world.flights.look_up_again(name("example.com"), std::nullopt, Trigger::refresh);
  world.run_for(100ms);
  world.ask(Route{}, 5s, 8s);  // DANE was not wanted until now
  world.run_for(300ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
  CHECK(world.outcomes[0]->record.policy);
  world.flights.look_up_again(name("example.com"), Route{true, 587}, Trigger::ask);
  world.run_for(300ms);
  CHECK(std::ranges::find(world.dns->asked_names, "example.com/A") != world.dns->asked_names.end());
  world.run_for(2s);
  CHECK(world.store.records.at(name("example.com")).dane.size() == 2);
}

TEST_CASE("an asker waits even for a flight that was old when somebody first asked", "[lookup]") {
  DaneFlights world;
  world.fetch->delay = 2s;
  world.store.records.emplace(name("example.com"),
                              stored_policy(world.clock.time - 90'000s, "enforce", 604800));
  world.flights.look_up_again(name("example.com"), std::nullopt, Trigger::refresh);
  world.run_for(400ms);
  world.ask(Route{}, 100ms, 200ms);  // the flight is up for longer than this one waits
  CHECK(world.outcomes.empty());
  world.run_for(150ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
}

TEST_CASE("a state that runs out while its flight waits for the policy is looked up again", "[lookup]") {
  DaneFlights world;
  world.fetch->delay = 2s;
  Record record = stored_policy(world.clock.time - 90'000s, "enforce", 604800);
  DaneState& state = record.dane.emplace_back();
  state.mx = MxState::insecure;
  state.looked_up_at = world.clock.time - 10s;
  state.valid_until = world.clock.time + 100s;
  world.store.records.emplace(name("example.com"), record);
  world.flights.look_up_again(name("example.com"), Route{}, Trigger::refresh);
  world.run_for(100ms);
  world.clock.time += 200s;
  world.ask(Route{}, 100ms, 200ms);
  world.run_for(150ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts.text() == "n+mx.example.com");
}

TEST_CASE("a queued recheck that somebody waits for goes ahead, however old it is", "[lookup]") {
  boost::asio::io_context loop;
  auto* dns = new FakeDns;
  dns->answer = txt({});
  FakeStore store;
  FakeClock clock;
  Flights flights(loop.get_executor(), nullptr, store, clock, [](const FlightReport&) {});
  std::vector<LookupOutcomePtr> outcomes;
  flights.look_up_again(name("example.com"), std::nullopt, Trigger::ask);
  loop.run_for(150ms);
  flights.ask({name("example.com"), std::nullopt, 50ms, 100ms},
              [&](LookupOutcomePtr o) { outcomes.push_back(std::move(o)); });
  CHECK(outcomes.empty());
  flights.use(std::make_shared<Network>(std::unique_ptr<Dns>(dns), std::make_unique<FakeFetch>()));
  loop.restart();
  loop.run();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0]->state == LookupOutcome::State::known);
}
