// Slow policy hosts: what they may hold up, and what not.
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
  int reports = 0, looks = 0, put_off = 0;
  Flights flights;
  std::vector<LookupOutcomePtr> outcomes;

  explicit World(FlightOptions options = {.max_flying = 4, .max_fetching = 6, .max_waiting = 50})
      : flights(
            loop.get_executor(), network, store, clock,
            [this](const FlightReport& r) { ++reports, looks += r.found.asked, put_off += r.found.put_off; },
            options) {
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
    fetch->delay = 200ms;
  }
  void ask(const std::string& domain, std::optional<Route> dane = std::nullopt,
           std::chrono::milliseconds fetch_wait = 50ms) {
    flights.ask({name(domain), dane, fetch_wait, 400ms},
                [this](LookupOutcomePtr o) { outcomes.push_back(std::move(o)); });
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
  REQUIRE(world.run_until([&] { return world.flights.waiting() == 14 && world.flights.flying() == 0; }));
  CHECK(world.fetch->asked == 6);
  world.dns->answers["_mta-sts.plain.example/TXT"] = txt({});
  world.outcomes.clear();
  world.ask("plain.example", Route{});
  auto plain_known = [&] {
    return std::ranges::any_of(world.outcomes, [](const auto& each) {
      return each->record.last_lookup.state == StsState::no_record;
    });
  };
  CHECK(world.run_until(plain_known));
}

TEST_CASE("more policy hosts than are asked at once: the others in turn, as long as their askers wait",
          "[lookup]") {
  World world;
  for (int i = 0; i < 20; ++i) world.ask("slow" + std::to_string(i) + ".example", std::nullopt, 300ms);
  REQUIRE(world.run_until([&] { return world.fetch->asked == 6 && world.flights.waiting() == 14; }));
  REQUIRE(world.run_until([&] { return world.outcomes.size() == 20; }));
  CHECK(world.fetch->asked ==
        12);  // six took 200 ms, the next six went at once, and after 300 ms nobody waits
  REQUIRE(world.run_until([&] { return world.store.records.size() == 20; }));
  CHECK(world.fetch->asked == 12);
  CHECK(world.flights.waiting() == 0);
  world.fetch->delay = 0ms;
  world.ask("slow19.example");  // as unknown as before
  REQUIRE(world.run_until([&] { return world.outcomes.size() == 21; }));
  CHECK(world.outcomes[20]->record.policy->mode == Mode::enforce);
}

TEST_CASE("policy hosts at one address that never answers keep no other domain from its policy", "[lookup]") {
  World world({.max_flying = 4, .max_fetching = 6, .max_fetching_each = 2, .max_waiting = 1000});
  world.fetch->delay = 30s;
  auto hanging = parse_address("192.0.2.1").value();
  for (int i = 0; i < 100; ++i) {
    std::string domain = "stuck" + std::to_string(i) + ".example";
    world.fetch->addresses[domain] = hanging;
    world.ask(domain, std::nullopt, 5s);
  }
  REQUIRE(world.run_until([&] { return world.fetch->asked == 2 && world.flights.waiting() == 98; }));
  world.fetch->delay = 10ms;
  world.fetch->addresses["good.example"] = parse_address("192.0.2.2").value();
  world.ask("good.example", std::nullopt, 5s);
  auto secure = [&] {
    return std::ranges::any_of(world.outcomes,
                               [](const auto& each) { return each->record.policy.has_value(); });
  };
  CHECK(world.run_until(secure));
}

TEST_CASE("askers wait once for a domain that gets no permit for its policy host", "[lookup]") {
  World world({.max_flying = 4, .max_fetching = 6, .max_fetching_each = 2, .max_waiting = 1000});
  world.fetch->delay = 30s;
  auto hanging = parse_address("192.0.2.1").value();
  for (const char* domain : {"a.example", "b.example", "third.example"}) {
    world.fetch->addresses[domain] = hanging;
    world.ask(domain, std::nullopt, 300ms);
  }
  REQUIRE(world.run_until([&] { return world.outcomes.size() == 3 && world.store.records.size() == 1; }));
  CHECK(world.fetch->asked == 2);
  CHECK(world.put_off == 1);  // mtastsctl status reports it
  auto begin = std::chrono::steady_clock::now();
  world.clock.time += 1h;  // what is stored about it has expired
  world.ask("third.example", std::nullopt, 300ms);
  REQUIRE(world.run_until([&] { return world.outcomes.size() == 4; }));
  CHECK(std::chrono::steady_clock::now() - begin < 50ms);
}

TEST_CASE("the addresses of one IPv6 network count as one, and so do the names of one owner", "[lookup]") {
  World world({.max_flying = 4, .max_fetching = 6, .max_fetching_each = 2, .max_waiting = 1000});
  world.fetch->delay = 30s;
  for (int i = 0; i < 5; ++i) {
    std::string number = std::to_string(i);
    world.fetch->addresses["stuck" + number + ".example"] =
        parse_address("2001:db8:1:" + number + "::1").value();
    world.ask("stuck" + number + ".example", std::nullopt, 5s);
  }
  REQUIRE(world.run_until([&] { return world.fetch->asked == 2 && world.flights.waiting() == 3; }));
  for (int i = 0; i < 5; ++i) {
    std::string number = std::to_string(i);
    world.fetch->addresses["a" + number + ".owner.co.uk"] = parse_address("192.0.2." + number).value();
    world.ask("a" + number + ".owner.co.uk", std::nullopt, 5s);
  }
  REQUIRE(world.run_until([&] { return world.fetch->asked == 4 && world.flights.waiting() == 6; }));
}

TEST_CASE("a flight that left its place for its fetch still looks up another next hop", "[lookup]") {
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
  REQUIRE(world.run_until([&] { return world.fetch->asked == 6 && world.flights.waiting() == 14; }));
  world.flights.look_up_again(name("known.example"), std::nullopt, Trigger::refresh);
  CHECK(world.run_until([&] { return world.fetch->asked == 7; }));
}

TEST_CASE("refreshes keep their places, half of them at most, so that an asker finds one", "[lookup]") {
  World world;
  for (int i = 0; i < 10; ++i)
    world.flights.look_up_again(name("old" + std::to_string(i) + ".example"), std::nullopt, Trigger::refresh);
  CHECK(world.flights.flying() == 3);
  world.ask("new.example");
  CHECK(world.flights.flying() == 4);
  REQUIRE(world.run_until([&] { return world.store.records.size() == 11; }));
  CHECK(world.fetch->asked == 11);
  CHECK(world.flights.flying() == 0);
}
