// Policy hosts that are slow: what they may hold up, and what not.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "lookup/flights.hpp"
#include "network_world.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World : NetworkWorld<> {
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
  // Until it is so; false after 10 s.
  template <class Condition>
  bool run_until(Condition condition) {
    auto end = std::chrono::steady_clock::now() + 10s;
    loop.restart();
    while (!condition() && loop.run_one_until(end) != 0) {
    }
    return condition();
  }
};

}  // namespace

TEST_CASE("policy hosts that do not answer keep no other domain from being looked up", "[lookup]") {
  World world;
  world.fetch->delay = 30s;
  for (int i = 0; i < 20; ++i) world.ask("stuck" + std::to_string(i) + ".example", Route{});
  REQUIRE(world.run_until([&] { return world.flights.waiting() == 6 && world.flights.flying() == 0; }));
  CHECK(world.fetch->asked == 6);
  world.dns->answers["_mta-sts.plain.example/TXT"] = txt({});
  world.outcomes.clear();
  world.ask("plain.example", Route{});
  auto plain_known = [&] {
    return std::ranges::any_of(
        world.outcomes, [](const auto& each) { return each->record.look.state == StsState::no_record; });
  };
  CHECK(world.run_until(plain_known));
}

TEST_CASE("more policy hosts than are asked at once: the others in turn, and no asker waits for that",
          "[lookup]") {
  World world;
  for (int i = 0; i < 20; ++i) world.ask("stuck" + std::to_string(i) + ".example");
  REQUIRE(world.run_until([&] { return world.fetch->asked == 6 && world.flights.waiting() == 6; }));
  REQUIRE(world.run_until([&] { return world.outcomes.size() == 20; }));
  CHECK(world.fetch->asked < 20);  // STS-38: told at fetch_wait, before most were even asked for
  REQUIRE(world.run_until([&] { return world.store.records.size() == 20; }));
  CHECK(world.fetch->asked ==
        12);  // six wait; the others are as unknown as before, and asked for again when they are due
  CHECK(world.flights.waiting() == 0);
  world.fetch->delay = 0ms;
  world.ask("stuck19.example");
  REQUIRE(world.run_until([&] { return world.outcomes.size() == 21; }));
  CHECK(world.outcomes[20]->record.policy->mode == Mode::enforce);
}

TEST_CASE("a flight that left its place for its fetch looks up another next hop all the same", "[lookup]") {
  World world;
  world.fetch->delay = 30s;
  world.ask("stuck.example");
  REQUIRE(world.run_until([&] { return world.fetch->asked == 1; }));
  REQUIRE(world.flights.flying() == 0);
  world.ask("stuck.example", Route{.bracketed = false, .port = 587});
  CHECK(world.run_until([&] { return world.outcomes.size() == 2; }));
  CHECK(std::ranges::count(world.dns->asked_names, "stuck.example/MX") == 1);
  CHECK(world.flights.flying() == 0);
}

TEST_CASE("a refresh never waits behind unknown domains whose policy hosts are slow", "[lookup]") {
  World world;
  world.fetch->delay = 30s;
  for (int i = 0; i < 20; ++i) world.ask("stuck" + std::to_string(i) + ".example");
  REQUIRE(world.run_until([&] { return world.fetch->asked == 6 && world.flights.waiting() == 6; }));
  world.flights.look_again(name("known.example"), std::nullopt, Trigger::refresh);
  CHECK(world.run_until([&] { return world.fetch->asked == 7; }));
}

TEST_CASE("refreshes keep their places, half of them at most, so that an asker finds one", "[lookup]") {
  World world;
  for (int i = 0; i < 10; ++i)
    world.flights.look_again(name("old" + std::to_string(i) + ".example"), std::nullopt, Trigger::refresh);
  CHECK(world.flights.flying() == 3);
  world.ask("new.example");
  CHECK(world.flights.flying() == 4);
  REQUIRE(world.run_until([&] { return world.store.records.size() == 11; }));
  CHECK(world.fetch->asked == 11);
  CHECK(world.flights.flying() == 0);
}
