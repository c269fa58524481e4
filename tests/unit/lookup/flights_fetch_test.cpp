// Policy hosts that are slow: what they may hold up, and what not.
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "fakes.hpp"
#include "lookup/flights.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World {
  boost::asio::io_context loop;
  FakeDns* dns = new FakeDns;        // owned by network
  FakeFetch* fetch = new FakeFetch;  // owned by network
  std::shared_ptr<Network> network =
      std::make_shared<Network>(std::unique_ptr<Dns>(dns), std::unique_ptr<Fetch>(fetch));
  FakeStore store;
  FakeClock clock;
  int reports = 0, looks = 0;
  Flights flights{loop.get_executor(),
                  network,
                  store,
                  clock,
                  [this](const FlightReport& r) { ++reports, looks += r.look.asked; },
                  {.max_flying = 4, .max_fetching = 6, .max_waiting = 50}};
  std::vector<OutcomePtr> outcomes;

  World() {
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
    fetch->delay = 200ms;
  }
  void ask(const std::string& domain, std::optional<Route> dane = std::nullopt) {
    flights.ask({name(domain), dane, 50ms, 400ms},
                [this](OutcomePtr o) { outcomes.push_back(std::move(o)); });
  }
  void run_for(std::chrono::milliseconds time) {
    loop.restart();
    loop.run_for(time);
  }
};

}  // namespace

TEST_CASE("policy hosts that do not answer keep no other domain from being looked up", "[lookup]") {
  World world;
  for (int i = 0; i < 20; ++i) world.ask("stuck" + std::to_string(i) + ".example", Route{});
  world.run_for(30ms);
  CHECK(world.flights.flying() == 0);
  world.dns->answers["_mta-sts.plain.example/TXT"] = txt({});
  world.ask("plain.example", Route{});
  world.run_for(15ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.look.state == StsState::no_record);
}

TEST_CASE("more policy hosts than are asked at once: the others in turn, and no asker waits for that",
          "[lookup]") {
  World world;
  for (int i = 0; i < 20; ++i) world.ask("stuck" + std::to_string(i) + ".example");
  world.run_for(30ms);
  CHECK(world.fetch->asked == 6);
  CHECK(world.flights.waiting() == 14);
  world.run_for(100ms);
  REQUIRE(world.outcomes.size() == 20);  // STS-38, at fetch_wait
  for (const auto& outcome : world.outcomes) CHECK(outcome->record.look.state == StsState::pending);
  world.loop.restart();
  world.loop.run();
  CHECK(world.fetch->asked == 20);
  CHECK(world.store.records.size() == 20);
  CHECK(world.flights.waiting() == 0);
}

TEST_CASE("a flight that left its place for its fetch looks up another next hop all the same", "[lookup]") {
  World world;
  world.ask("stuck.example");
  world.run_for(20ms);
  REQUIRE(world.flights.flying() == 0);
  world.ask("stuck.example", Route{.bracketed = false, .port = 587});
  world.run_for(100ms);
  CHECK(std::ranges::count(world.dns->asked_names, "stuck.example/MX") == 1);
  CHECK(world.outcomes.size() == 2);
  world.loop.restart();
  world.loop.run();
  CHECK(world.flights.flying() == 0);
}

TEST_CASE("refreshes keep their places, half of them at most, so that an asker finds one", "[lookup]") {
  World world;
  for (int i = 0; i < 10; ++i)
    world.flights.look_again(name("old" + std::to_string(i) + ".example"), std::nullopt, Trigger::refresh);
  world.run_for(30ms);
  CHECK(world.flights.flying() == 3);
  CHECK(world.fetch->asked == 3);
  world.ask("new.example");
  CHECK(world.flights.flying() == 4);
  world.loop.restart();
  world.loop.run();
  CHECK(world.fetch->asked == 11);
}

TEST_CASE("a refresh that was put off is stored with its new time and reported as no look", "[lookup]") {
  World world;
  Record stored = stored_policy(world.clock.time - 90'000s, "enforce", 604800);
  world.store.records.emplace(name("a.example"), stored);
  world.fetch->answer = put_off();
  world.flights.look_again(name("a.example"), std::nullopt, Trigger::refresh);
  world.run_for(1s);
  const Record& after = world.store.records.at(name("a.example"));
  CHECK(after.refresh_at >= world.clock.time + 60s);
  CHECK(after.look.state == StsState::not_asked);
  CHECK(world.reports == 1);
  CHECK(world.looks == 0);
}

TEST_CASE("a refresh that somebody waits for is in no hurry no longer", "[lookup]") {
  World world;
  world.fetch->delay = 0ms;
  world.dns->delay = 20ms;
  world.store.records.emplace(name("a.example"),
                              stored_policy(world.clock.time - 90'000s, "enforce", 604800));
  world.flights.look_again(name("a.example"), std::nullopt, Trigger::refresh);
  world.ask("a.example", Route{});
  world.run_for(1s);
  CHECK(world.fetch->hurry == Hurry::now);
}
