// What an asker waits for when a flight looks at policy and DANE at once.
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "dane_fakes.hpp"
#include "lookup/freshness.hpp"
#include "network_world.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World : NetworkWorld<SlowDns> {
  std::vector<Route> looked;
  Flights flights{loop.get_executor(), network, store, clock, [this](const FlightReport& r) {
                    looked.insert(looked.end(), r.look.dane.begin(), r.look.dane.end());
                  }};
  std::vector<OutcomePtr> outcomes;

  World() {
    dns->answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}});
    dns->answers["mx.example.com/A"] = address(secure);
    dns->answers["mx.example.com/AAAA"] = no_data(secure);
    dns->answers["_25._tcp.mx.example.com/TLSA"] = tlsa({"3 1 9 " + digest});  // unusable: the policy matters
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
  }
  void ask(std::optional<Route> dane = Route{}, std::chrono::milliseconds fetch_wait = 100ms,
           std::chrono::milliseconds wait = 1s) {
    flights.ask({name("example.com"), dane, fetch_wait, wait},
                [this](OutcomePtr o) { outcomes.push_back(o); });
  }
  std::optional<DaneState> state(std::size_t i, Route route = {}) const {
    for (const DaneState& each : outcomes.at(i)->record.dane)
      if (each.route == route) return each;
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("policy and DANE are looked up at once, and both are in the outcome and the record", "[lookup]") {
  World world;
  world.ask();
  world.run_for(2s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
  CHECK(world.store.records.at(name("example.com")).dane.size() == 1);
  CHECK(world.looked == std::vector<Route>{{}});
}

TEST_CASE("an asker who needs no DANE does not wait for it", "[lookup]") {
  World world;
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
  World world;
  world.fetch->delay = 1500ms;
  world.ask(Route{}, 200ms, 5s);
  world.run_for(100ms);
  CHECK(world.outcomes.empty());
  world.run_for(500ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.look.state == StsState::pending);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
  world.ask(Route{}, 200ms, 5s);  // a second one does not wait again
  CHECK(world.outcomes.size() == 2);
  world.run_for(3s);
  CHECK(world.store.records.at(name("example.com")).policy);
}

TEST_CASE("a policy that can't change the answer is not waited for", "[lookup]") {
  World world;
  world.dns->answers["_25._tcp.mx.example.com/TLSA"] = tlsa({"3 1 1 " + digest});
  SECTION("its host never answers") { world.fetch->delay = 1h; }
  SECTION("its record never comes") { world.dns->delays["_mta-sts.example.com/TXT"] = 1h; }
  world.ask(Route{}, 30min, 1h);
  world.run_for(100ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts == "u+mx.example.com");
  CHECK(world.outcomes[0]->record.look.state == StsState::pending);
  world.ask(Route{}, 30min, 1h);  // nor by the next one
  CHECK(world.outcomes.size() == 2);
}

TEST_CASE("where the zone's rules make the policy matter, it is waited for", "[lookup]") {
  World world;
  world.dns->answers["_25._tcp.mx.example.com/TLSA"] = tlsa({"3 1 1 " + digest});
  world.fetch->delay = 300ms;
  world.flights.ask({name("example.com"), Route{}, 30min, 1h, false, {.postfix_dane = PostfixDane::no}},
                    [&](OutcomePtr o) { world.outcomes.push_back(o); });
  world.run_for(100ms);
  CHECK(world.outcomes.empty());
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
}

TEST_CASE("STS-49: slow DANE is waited for although the policy is known", "[lookup]") {
  World world;
  world.dns->delays["_25._tcp.mx.example.com/TLSA"] = 600ms;
  world.ask(Route{}, 50ms, 5s);
  world.run_for(300ms);
  CHECK(world.outcomes.empty());
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
  CHECK(world.outcomes[0]->record.policy);
}

TEST_CASE("STS-30: with a policy in force only DANE is waited for, not the TXT record", "[lookup]") {
  World world;
  world.store.records.emplace(name("example.com"), stored_policy(world.clock.time - 600s, "enforce", 604800));
  world.dns->delays["_mta-sts.example.com/TXT"] = 700ms;
  world.ask(Route{}, 5s, 8s);
  world.run_for(400ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
}

TEST_CASE("what is fresh is not looked up again: DANE alone, or the policy alone", "[lookup]") {
  World world;
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
    state.looked_at = world.clock.time;
    state.valid_until = world.clock.time + 300s;
    record.look.next_check = world.clock.time;
    world.store.records.emplace(name("example.com"), record);
    world.flights.look_again(name("example.com"), Route{}, Trigger::ask);
    world.run_for(1s);
    CHECK(world.dns->asked_names == std::vector<std::string>{"_mta-sts.example.com/TXT"});
  }
}

TEST_CASE("a next hop that joins a flight of the same domain is looked up in it", "[lookup]") {
  World world;
  world.fetch->delay = 300ms;
  world.dns->answers["example.com/A"] = address(secure);
  world.dns->answers["_587._tcp.example.com/TLSA"] = tlsa({"3 1 9 " + digest});
  world.ask(Route{}, 5s, 5s);
  world.run_for(100ms);
  world.ask(Route{true, 587}, 5s, 5s);
  world.run_for(3s);
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.state(1, {true, 587})->hosts == "n+example.com");
  const Record& stored = world.store.records.at(name("example.com"));
  CHECK(stored.dane.size() == 2);
  CHECK(stored.policy);
  CHECK(world.fetch->asked == 1);
}

TEST_CASE("who joins a flight that waits for a slow policy host is not kept by it", "[lookup]") {
  World world;
  world.fetch->delay = 1500ms;
  world.store.records.emplace(name("example.com"),
                              stored_policy(world.clock.time - 90'000s, "enforce", 604800));
  world.flights.look_again(name("example.com"), std::nullopt, Trigger::refresh);
  world.run_for(100ms);
  world.ask(Route{}, 5s, 8s);  // DANE was not wanted until now
  world.run_for(300ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
  CHECK(world.outcomes[0]->record.policy);
  world.flights.look_again(name("example.com"), Route{true, 587}, Trigger::ask);
  world.run_for(300ms);
  CHECK(std::ranges::find(world.dns->asked_names, "example.com/A") != world.dns->asked_names.end());
  world.run_for(2s);
  CHECK(world.store.records.at(name("example.com")).dane.size() == 2);
}

TEST_CASE("a flight that is old when somebody first asks is waited for all the same", "[lookup]") {
  World world;
  world.fetch->delay = 2s;
  world.store.records.emplace(name("example.com"),
                              stored_policy(world.clock.time - 90'000s, "enforce", 604800));
  world.flights.look_again(name("example.com"), std::nullopt, Trigger::refresh);
  world.run_for(400ms);
  world.ask(Route{}, 100ms, 200ms);  // the flight is up for longer than this one waits
  CHECK(world.outcomes.empty());
  world.run_for(150ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
}

TEST_CASE("a state that runs out while its flight waits for the policy is looked up again", "[lookup]") {
  World world;
  world.fetch->delay = 2s;
  Record record = stored_policy(world.clock.time - 90'000s, "enforce", 604800);
  DaneState& state = record.dane.emplace_back();
  state.mx = MxState::insecure;
  state.looked_at = world.clock.time - 10s;
  state.valid_until = world.clock.time + 100s;
  world.store.records.emplace(name("example.com"), record);
  world.flights.look_again(name("example.com"), Route{}, Trigger::refresh);
  world.run_for(100ms);
  world.clock.time += 200s;
  world.ask(Route{}, 100ms, 200ms);
  world.run_for(150ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.state(0)->hosts == "n+mx.example.com");
}

TEST_CASE("a queued recheck that somebody waits for goes ahead, however old it is", "[lookup]") {
  boost::asio::io_context loop;
  auto* dns = new FakeDns;
  dns->answer = txt({});
  FakeStore store;
  FakeClock clock;
  Flights flights(loop.get_executor(), nullptr, store, clock, [](const FlightReport&) {});
  std::vector<OutcomePtr> outcomes;
  flights.look_again(name("example.com"), std::nullopt, Trigger::ask);
  loop.run_for(150ms);
  flights.ask({name("example.com"), std::nullopt, 50ms, 100ms},
              [&](OutcomePtr o) { outcomes.push_back(std::move(o)); });
  CHECK(outcomes.empty());
  flights.use(std::make_shared<Network>(std::unique_ptr<Dns>(dns), std::make_unique<FakeFetch>()));
  loop.restart();
  loop.run();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0]->state == Outcome::State::known);
}

TEST_CASE("DANE-27: a state counts for the askers of its own flight, however short its TTL", "[lookup]") {
  World world;
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
  std::vector<OutcomePtr> outcomes;
  auto ask = [&] {
    flights.ask({name("example.com"), std::nullopt, 5s, 8s},
                [&](OutcomePtr o) { outcomes.push_back(std::move(o)); });
    loop.restart();
    loop.run();
  };
  ask();
  REQUIRE(outcomes.size() == 1);
  CHECK(flights.flying() == 0);
  throws = false;
  ask();
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[1]->state == Outcome::State::known);
}

TEST_CASE("nine next hops of a domain at once all get their answer", "[lookup]") {
  World world;
  world.fetch->delay = 200ms;
  world.dns->answers["example.com/A"] = address(secure);
  for (std::uint16_t port = 1; port <= 9; ++port) world.ask(Route{true, port}, 50ms, 5s);
  world.run_for(2s);
  REQUIRE(world.outcomes.size() == 9);
  for (std::uint16_t port = 1; port <= 9; ++port) {
    bool told = std::ranges::any_of(world.outcomes, [&](const OutcomePtr& outcome) {
      return std::ranges::find(outcome->record.dane, Route{true, port}, &DaneState::route) !=
             outcome->record.dane.end();
    });
    CHECK(told);
  }
}

TEST_CASE("STS-40: where the MX hosts can't satisfy the policy, a newer one is looked for first",
          "[lookup]") {
  World world;
  Record record = stored_policy(world.clock.time - 100s, "enforce", 604800);
  record.policy->mx = "old.example.com";
  DaneState& state = record.dane.emplace_back();
  state.mx = MxState::insecure;
  state.hosts = "-+mx.example.com";
  state.off_policy = true;
  state.looked_at = world.clock.time - 10s;
  state.valid_until = world.clock.time + 290s;
  world.store.records.emplace(name("example.com"), record);
  CHECK(freshness(view(record), world.clock.moment(), Route{}) == Freshness::wait);
  world.dns->answer = txt({"v=STSv1; id=2;"});
  world.fetch->answer = ok(body("enforce", 604800, "mx.example.com"));

  SECTION("the newer policy decides") {
    world.ask(Route{}, 3s, 8s);
    world.run_for(1s);
    REQUIRE(world.outcomes.size() == 1);
    CHECK(world.outcomes[0]->record.policy->mx == "mx.example.com");
    CHECK_FALSE(world.state(0)->off_policy);
  }
  SECTION("not longer than the wait: then the cached one does") {
    world.fetch->delay = 1s;
    world.ask(Route{}, 200ms, 8s);
    world.run_for(500ms);
    REQUIRE(world.outcomes.size() == 1);
    CHECK(world.outcomes[0]->record.policy->mx == "old.example.com");
    world.run_for(2s);
  }
  SECTION("at most once a minute") {
    record.look.at = world.clock.time - 30s;
    CHECK(freshness(view(record), world.clock.moment(), Route{}) == Freshness::answer);
  }
}

TEST_CASE("a dead zone is waited for once a next hop, then remembered", "[lookup]") {
  World world;
  world.dns->answers["example.com/MX"] = dns_failure("timeout after 5 s");
  world.dns->delays["example.com/MX"] = 300ms;
  for (int i = 0; i < 50; ++i) world.ask(Route{}, 100ms, 200ms);
  world.run_for(250ms);
  world.ask(Route{}, 100ms, 200ms);
  REQUIRE(world.outcomes.size() == 1);  // the late one does not wait; the fifty have timers of their own
  CHECK(world.outcomes[0]->state == Outcome::State::pending);
  world.run_for(1s);
  CHECK(world.outcomes.size() == 51);
  world.ask(Route{}, 100ms, 200ms);
  REQUIRE(world.outcomes.size() == 52);  // remembered: at once
  CHECK(world.state(51)->trouble == MxTrouble::failed);
  CHECK(std::ranges::count(world.dns->asked_names, "example.com/MX") == 1);
}

TEST_CASE("a flight notes what it asks if the question that starts it wants that", "[lookup]") {
  World world;
  world.flights.ask({name("example.com"), Route{}, 100ms, 1s, true},
                    [&](OutcomePtr o) { world.outcomes.push_back(o); });
  world.flights.ask({name("other.example"), Route{}, 100ms, 1s},
                    [&](OutcomePtr o) { world.outcomes.push_back(o); });
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 2);
  auto traced = std::ranges::find_if(world.outcomes, [](const OutcomePtr& o) { return o->trace != nullptr; });
  REQUIRE(traced != world.outcomes.end());
  const Trace& trace = *(*traced)->trace;
  CHECK(trace.size() == 6);
  CHECK(find_step(trace, "_25._tcp.mx.example.com", RrType::tlsa) != nullptr);
  REQUIRE(find_https(trace) != nullptr);
  CHECK(find_https(trace)->answer->status == 200);
  CHECK(std::ranges::count_if(world.outcomes, [](const OutcomePtr& o) { return o->trace != nullptr; }) == 1);
}

TEST_CASE("a surprise in the DANE look is a trouble, and the policy is kept", "[lookup]") {
  World world;
  world.store.records.emplace(name("example.com"), stored_policy(world.clock.time - 600s, "enforce", 604800));
  world.dns->throws = true;
  world.ask();
  world.run_for(1s);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.policy);
  CHECK(world.state(0)->trouble == MxTrouble::failed);
  CHECK(world.state(0)->detail.contains("internal error"));
}

TEST_CASE("DANE-27: when a state answers, and when it is looked at again", "[lookup]") {
  const Time now{1'000'000s};
  DaneState state;
  state.mx = MxState::secure;
  state.looked_at = now;
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
