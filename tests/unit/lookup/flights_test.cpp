#include "lookup/flights.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>

#include "network_world.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World : NetworkWorld<> {
  int reports = 0, not_stored = 0;
  Flights flights;
  std::vector<LookupOutcomePtr> outcomes;

  explicit World(FlightOptions options = {.max_flying = 4, .max_waiting = 10, .commit_retry = 1s})
      : flights(
            loop.get_executor(), network, store, clock,
            [this](const FlightReport& r) { ++(r.not_stored ? not_stored : reports); }, options) {
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
  }
  void ask(std::string_view domain = "example.com", std::chrono::milliseconds wait = 5s) {
    flights.ask({name(domain), std::nullopt, wait, wait},
                [this](LookupOutcomePtr o) { outcomes.push_back(std::move(o)); });
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

TEST_CASE("an asker whose read was older than the commit gets the entry, not a second fetch", "[lookup]") {
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

TEST_CASE("only the first asker waits for a flight of a domain: later ones are answered at once",
          "[lookup]") {
  World world;
  world.fetch->delay = 300ms;
  world.ask("slow.example", 50ms);
  world.run_for(30ms);
  CHECK(world.outcomes.empty());
  world.run_for(70ms);
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->record.last_lookup.state == StsState::pending);
  world.ask("slow.example", 50ms);
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.outcomes[1]->record.last_lookup.state == StsState::pending);
  world.run();
  CHECK(world.fetch->asked == 1);
  CHECK(world.store.records.size() == 1);  // the fetch went on and serves the next asker
}

TEST_CASE("no more than max_flying at once; askers first, but rechecks have a quarter of the places",
          "[lookup]") {
  World world;
  world.dns->delay = 20ms;
  for (char c = 'a'; c <= 'd'; ++c) world.ask(std::string(1, c) + ".example");
  CHECK(world.flights.flying() == 4);
  world.flights.look_up_again(name("recheck1.example"), std::nullopt, Trigger::ask);
  world.flights.look_up_again(name("recheck2.example"), std::nullopt, Trigger::ask);
  for (char c = 'p'; c <= 's'; ++c) world.ask(std::string(1, c) + ".example");
  CHECK(world.flights.flying() == 4);
  CHECK(world.flights.waiting() == 6);
  world.run();
  auto asked = world.dns->asked_names;
  REQUIRE(asked.size() == 10);
  // One place of four is the rechecks', however many ask; the second recheck waits for that place.
  CHECK(std::ranges::find(asked, "_mta-sts.recheck1.example/TXT") - asked.begin() == 4);
  CHECK(std::ranges::find(asked, "_mta-sts.recheck2.example/TXT") - asked.begin() >= 8);
}

TEST_CASE("rechecks fly while askers of ever new domains keep every place busy", "[lookup]") {
  World world;
  world.dns->delay = 5ms;
  for (int i = 0; i < 6; ++i) world.ask("first" + std::to_string(i) + ".example");
  world.flights.look_up_again(name("bank.example"), std::nullopt, Trigger::ask);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 4; ++i) world.ask("new" + std::to_string(round * 4 + i) + ".example");
    world.run_for(6ms);
  }
  CHECK(std::ranges::count(world.dns->asked_names, "_mta-sts.bank.example/TXT") == 1);
  world.run();
}

TEST_CASE("an asker that joins a queued recheck moves it ahead", "[lookup]") {
  World world;
  world.dns->delay = 20ms;
  for (char c = 'a'; c <= 'd'; ++c) world.ask(std::string(1, c) + ".example");
  for (auto recheck : {"one.example", "two.example", "three.example"}) {
    world.flights.look_up_again(name(recheck), std::nullopt, Trigger::ask);
  }
  world.ask("three.example");
  world.run();
  auto asked = world.dns->asked_names;
  REQUIRE(asked.size() == 7);
  CHECK(std::ranges::find(asked, "_mta-sts.three.example/TXT") <
        std::ranges::find(asked, "_mta-sts.two.example/TXT"));
}

TEST_CASE("flights that end at once are launched one after another, not from within each other", "[lookup]") {
  World world({.max_flying = 4, .max_waiting = 200'000});
  world.dns->at_once = true;
  world.dns->answer = dns_failure("the name is longer than 253 octets");
  for (int i = 0; i < 100'000; ++i) world.ask("d" + std::to_string(i) + ".example");
  world.run();  // a recursion a flight would overflow the stack
  CHECK(world.outcomes.size() == 100'000);
  CHECK(world.flights.flying() == 0);
}

TEST_CASE("while the cache can't be written, an outcome does not answer for ever", "[lookup]") {
  World world;
  world.fetch->answer = ok(body("enforce", 86400));
  world.store.fail_puts = 1'000'000;
  world.ask();
  world.run_for(400ms);
  REQUIRE(world.outcomes.size() == 1);
  world.clock.time += 2 * 86400s;  // past max_age: what it says now has to be found out again
  world.ask();
  world.run_for(400ms);
  REQUIRE(world.outcomes.size() == 2);
  CHECK(world.fetch->asked == 2);
  CHECK(world.outcomes[1]->record.fetched_at == world.clock.time);
  CHECK(world.not_stored == 2);
  world.store.fail_puts = 0;
  world.run();
  REQUIRE(world.store.records.size() == 1);  // the newer one is what is stored in the end
  CHECK(world.store.records.begin()->second.fetched_at == world.clock.time);
}

TEST_CASE("without room for commits only policies are kept to be stored", "[lookup]") {
  World world({.max_flying = 4, .max_waiting = 1000, .max_uncommitted = 2, .commit_retry = 1s});
  world.dns->answer = txt({});
  world.store.commit_time = 200ms;
  for (int i = 0; i < 50; ++i) world.ask("d" + std::to_string(i) + ".example");
  world.run();
  CHECK(world.outcomes.size() == 50);
  CHECK(world.store.puts < 10);
}

TEST_CASE("when too many wait, askers are not queued without end", "[lookup]") {
  World world;
  world.dns->delay = 20ms;
  for (int i = 0; i < 20; ++i) world.ask("d" + std::to_string(i) + ".example");
  CHECK(world.outcomes.size() == 6);  // 4 fly, 10 wait
  for (const auto& outcome : world.outcomes) CHECK(outcome->state == LookupOutcome::State::shortage);
  world.run();
  CHECK(world.outcomes.size() == 20);
}

TEST_CASE("an unreadable cache never means 'no policy'", "[lookup]") {
  World world;
  world.store.unreadable = true;
  world.ask();
  world.run();
  REQUIRE(world.outcomes.size() == 1);
  CHECK(world.outcomes[0]->state == LookupOutcome::State::unreadable);
  CHECK(world.store.puts == 0);
  CHECK(world.dns->asked_names.empty());
}

TEST_CASE("an exception in a flight ends in an answer and keeps the cached policy", "[lookup]") {
  World world;
  world.store.records.emplace(name("example.com"),
                              stored_policy(world.clock.time - 86400s, "enforce", 604800));
  world.dns->throws = true;
  world.ask();
  world.run();
  REQUIRE(world.outcomes.size() == 1);
  REQUIRE(world.outcomes[0]->record.policy);
  CHECK(world.outcomes[0]->record.policy->mode == Mode::enforce);
  CHECK(world.store.records.at(name("example.com")).last_lookup.state == StsState::dns_failed);
  CHECK(world.flights.flying() == 0);
}

TEST_CASE("the flights may be destroyed before the loop that still holds their work", "[lookup]") {
  FakeStore store;
  FakeClock clock;
  auto* dns = new FakeDns;
  dns->answer = txt({"v=STSv1; id=1;"});
  auto* fetch = new FakeFetch;
  fetch->answer = ok(body("enforce", 604800));
  auto network = std::make_shared<Network>(std::unique_ptr<Dns>(dns), std::unique_ptr<Fetch>(fetch));
  store.commit_time = 1h;
  boost::asio::io_context loop;
  auto flights =
      std::make_unique<Flights>(loop.get_executor(), network, store, clock, [](const FlightReport&) {});
  LookupOutcomePtr outcome;
  flights->ask({name("example.com"), std::nullopt, 5s, 5s},
               [&](LookupOutcomePtr o) { outcome = std::move(o); });
  loop.run_for(1s);
  CHECK(outcome);  // its commit is under way
  flights.reset();
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
  CHECK(world.outcomes[0]->record.last_lookup.state ==
        StsState::no_record);  // other.example, on the new one, came first
  CHECK(world.outcomes[1]->record.policy->mode == Mode::enforce);
}
