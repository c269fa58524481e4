#include "lookup/flights.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>

#include "fakes.hpp"
#include "lookup/refresher.hpp"

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
  int reports = 0;
  Flights flights{loop.get_executor(),
                  network,
                  store,
                  clock,
                  [this](const FlightReport&) { ++reports; },
                  {.max_flying = 4, .max_waiting = 10, .commit_retry = 1s}};
  std::vector<OutcomePtr> outcomes;

  World() {
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
  }
  void ask(std::string_view domain = "example.com", std::chrono::milliseconds wait = 5s) {
    flights.ask(name(domain), wait, [this](OutcomePtr o) { outcomes.push_back(std::move(o)); });
  }
  void run() {
    loop.restart();
    loop.run();
  }
  void run_for(std::chrono::milliseconds time) {
    loop.restart();
    loop.run_for(time);
  }
};

}  // namespace

TEST_CASE("a hundred askers of one domain make one lookup and one fetch", "[lookup]") {
  World world;
  for (int i = 0; i < 100; ++i) world.ask();
  world.run();
  CHECK(world.dns->asked_names.size() == 1);
  CHECK(world.fetch->asked == 1);
  CHECK(world.reports == 1);
  CHECK(world.store.puts == 1);
  REQUIRE(world.outcomes.size() == 100);
  for (const auto& outcome : world.outcomes) CHECK(outcome->record.policy->mode == Mode::enforce);
  CHECK(world.flights.flying() == 0);
}

TEST_CASE("an asker whose read was older than the commit gets the stored record, not a second fetch",
          "[lookup]") {
  World world;
  world.ask();
  world.run();
  world.ask();
  world.run();
  CHECK(world.fetch->asked == 1);
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.outcomes[1]->record.policy->mode == Mode::enforce);
}

TEST_CASE("askers are answered before the commit, and nobody fetches again during it", "[lookup]") {
  World world;
  world.store.commit_time = 150ms;
  world.ask();
  world.run_for(50ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.store.records.empty());
  world.ask();
  CHECK(world.outcomes.size() == 2);  // at once, from the flight table
  world.run();
  CHECK(world.fetch->asked == 1);
  CHECK(world.store.records.size() == 1);
}

TEST_CASE("a commit that fails is tried again and the outcome is kept meanwhile", "[lookup]") {
  World world;
  world.store.fail_puts = 1;
  world.ask();
  world.run_for(100ms);
  world.ask();
  CHECK(world.outcomes.size() == 2);
  CHECK(world.store.records.empty());
  world.run();
  CHECK(world.store.puts == 2);
  CHECK(world.store.records.size() == 1);
  CHECK(world.fetch->asked == 1);
}

TEST_CASE("a flight is waited for once a domain: later askers get a pending outcome at once", "[lookup]") {
  World world;
  world.fetch->delay = 300ms;
  world.ask("slow.example", 50ms);
  world.run_for(100ms);
  CHECK(world.outcomes.empty());  // its own timer, on its own loop, ends the first asker's wait
  world.ask("slow.example", 50ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->state == Outcome::State::pending);
  world.run();
  CHECK(world.fetch->asked == 1);
  CHECK(world.store.records.size() == 1);  // the fetch went on and serves the next asker
}

TEST_CASE("no more than max_flying at once, askers ahead of rechecks", "[lookup]") {
  World world;
  world.dns->delay = 20ms;
  for (char c = 'a'; c <= 'd'; ++c) world.ask(std::string(1, c) + ".example");
  CHECK(world.flights.flying() == 4);
  world.flights.look_again(name("recheck.example"), Trigger::ask);
  world.ask("urgent.example");
  CHECK(world.flights.flying() == 4);
  CHECK(world.flights.waiting() == 2);
  world.run();
  REQUIRE(world.dns->asked_names.size() == 6);
  CHECK(world.dns->asked_names[4] == "_mta-sts.urgent.example/TXT");
  CHECK(world.dns->asked_names[5] == "_mta-sts.recheck.example/TXT");
}

TEST_CASE("an asker who joins a queued recheck lifts it", "[lookup]") {
  World world;
  world.dns->delay = 20ms;
  for (char c = 'a'; c <= 'd'; ++c) world.ask(std::string(1, c) + ".example");
  world.flights.look_again(name("one.example"), Trigger::ask);
  world.flights.look_again(name("two.example"), Trigger::ask);
  world.ask("two.example");
  world.run();
  REQUIRE(world.dns->asked_names.size() == 6);
  CHECK(world.dns->asked_names[4] == "_mta-sts.two.example/TXT");
}

TEST_CASE("when too many wait, askers are not queued without end", "[lookup]") {
  World world;
  world.dns->delay = 20ms;
  for (int i = 0; i < 20; ++i) world.ask("d" + std::to_string(i) + ".example");
  CHECK(world.outcomes.size() == 6);  // 4 fly, 10 wait
  for (const auto& outcome : world.outcomes) CHECK(outcome->state == Outcome::State::pending);
  world.run();
  CHECK(world.outcomes.size() == 20);
}

TEST_CASE("an unreadable cache is nobody's 'no policy'", "[lookup]") {
  World world;
  world.store.unreadable = true;
  world.ask();
  world.run();
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->state == Outcome::State::unreadable);
  CHECK(world.store.puts == 0);
  CHECK(world.dns->asked_names.empty());
}

TEST_CASE("a surprise in a flight ends in an answer and keeps the cached policy", "[lookup]") {
  World world;
  world.store.records.emplace(name("example.com"),
                              stored_policy(world.clock.time - 86400s, "enforce", 604800));
  world.dns->throws = true;
  world.ask();
  world.run();
  REQUIRE(world.outcomes.size() == 1);
  REQUIRE(world.outcomes[0]->record.policy);
  CHECK(world.outcomes[0]->record.policy->mode == Mode::enforce);
  CHECK(world.outcomes[0]->record.look.state == StsState::dns_failed);
  CHECK(world.flights.flying() == 0);
}

TEST_CASE("a flight keeps the network it began with across a reload", "[lookup]") {
  World world;
  world.fetch->delay = 50ms;
  world.ask();
  world.run_for(20ms);
  auto next_dns = std::make_unique<FakeDns>();
  next_dns->answer = txt({});
  world.network.reset();
  world.flights.use(std::make_shared<Network>(std::move(next_dns), std::make_unique<FakeFetch>()));
  world.ask("other.example");
  world.run();
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.outcomes[0]->record.look.state ==
        StsState::no_record);  // other.example, on the new one, came first
  CHECK(world.outcomes[1]->record.policy->mode == Mode::enforce);
}

TEST_CASE("a refresh round starts flights for what is due, and lets askers go first", "[lookup]") {
  World world;
  Record due = stored_policy(world.clock.time - 90'000s, "enforce", 604800, "1");
  world.store.records.emplace(name("due.example"), due);
  world.store.records.emplace(name("fresh.example"), stored_policy(world.clock.time, "enforce", 604800, "1"));
  CHECK(refresh_round(world.flights, world.store, world.clock, {}) == 1);
  world.run();
  CHECK(world.fetch->asked == 1);
  CHECK(world.store.records.at(name("due.example")).fetched_at == world.clock.time);
  CHECK(refresh_round(world.flights, world.store, world.clock, {}) == 0);
}
