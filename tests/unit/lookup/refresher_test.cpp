#include "lookup/refresher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "network_world.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World : NetworkWorld<> {
  Flights flights{loop.get_executor(), network, store, clock, [](const FlightReport&) {}};
  RefresherOptions options{};
  RefreshMemory memory;

  World() {
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
  }
  void due(const std::string& domain, std::chrono::seconds overdue = 3600s) {
    store.records.emplace(name(domain),
                          stored_policy(clock.time - 86400s - overdue, "enforce", 1'209'600, "1"));
  }
  void many_due(int count, const std::string& tail) {
    for (int i = 0; i < count; ++i) due("d" + std::to_string(i) + tail);
  }
  std::size_t round() { return refresh_round(flights, store, clock, options, memory); }
};

}  // namespace

TEST_CASE("a refresh round starts flights for what is due", "[lookup]") {
  World world;
  world.due("due.example");
  world.store.records.emplace(name("fresh.example"), stored_policy(world.clock.time, "enforce", 604800, "1"));
  CHECK(world.round() == 1);
  CHECK(world.flights.refreshing() == 1);
  world.run();
  CHECK(world.flights.refreshing() == 0);
  CHECK(world.fetch->asked == 1);
  CHECK(world.store.records.at(name("due.example")).fetched_at == world.clock.time);
  CHECK(world.round() == 0);
}

TEST_CASE("however much is due, a round starts no more than its batch, and none twice", "[lookup]") {
  World world;
  world.many_due(50, ".example");
  world.fetch->delay = 30ms;
  for (int i = 0; i < 6; ++i) CHECK(world.round() == 8);  // none of them has landed yet
  CHECK(world.flights.refreshing() == 48);
  CHECK(world.round() == 2);
  CHECK(world.round() == 0);
  world.run();
  CHECK(world.fetch->asked == 50);
}

TEST_CASE("by default 32 a second at most, which is more than a million a day asks for", "[lookup]") {
  RefresherOptions options;
  auto a_second = options.batch * static_cast<std::size_t>(1s / options.round);
  CHECK(a_second <= 32);
  CHECK(a_second * 86400 >= 2'000'000);
}

TEST_CASE("refreshes that are slow hold up others only when too many are under way", "[lookup]") {
  World world;
  world.options.most_under_way = 20;
  world.fetch->delay = 30ms;
  world.many_due(30, ".example");
  CHECK(world.round() == 8);
  CHECK(world.round() == 8);
  CHECK(world.round() == 4);
  CHECK(world.round() == 0);
  world.run();
  CHECK(world.round() == 8);
}

// For example its policy could not be stored. The others come first, and it is not fetched without end.
TEST_CASE("what stays due is handed out once a minute", "[lookup]") {
  World world;
  world.options.batch = 2;
  world.many_due(2, ".example");
  world.due("x.example");
  Record stuck = world.store.records.at(name("d0.example"));
  CHECK(world.round() == 2);
  world.run();
  world.store.records.insert_or_assign(name("d0.example"), stuck);
  world.store.records.insert_or_assign(name("d1.example"), stuck);
  CHECK(world.round() == 1);  // x.example, which comes after both
  world.run();
  world.clock.time += 59s;
  CHECK(world.round() == 0);
  world.clock.time += 1s;
  CHECK(world.round() == 2);
  world.clock.time -= 3h;  // set back: the minute would take hours
  CHECK(world.round() == 0);
  CHECK(world.memory.lately.empty());
}

TEST_CASE("rechecks that wait do not keep policies from being refreshed", "[lookup]") {
  World world;
  for (int i = 0; i < 1000; ++i)
    world.flights.look_up_again(name("r" + std::to_string(i) + ".example"), std::nullopt, Trigger::ask);
  world.due("due.example");
  CHECK(world.round() == 1);
}

TEST_CASE("a backlog is reported once an hour, and not in the first hour", "[lookup]") {
  World world;
  world.options.batch = 1;
  std::vector<std::chrono::seconds> told;
  world.options.tell_late = [&](std::chrono::seconds late) { told.push_back(late); };
  world.due("a.example", 7h);
  world.round();
  CHECK(told.empty());
  world.clock.time += 1h;
  world.round();
  REQUIRE(told.size() == 1);
  CHECK(told[0] == 8h);
  world.clock.time += 59min;
  world.round();
  CHECK(told.size() == 1);
  world.clock.time += 1min;
  world.round();
  CHECK(told.size() == 2);
}

TEST_CASE("less than six hours overdue is not reported", "[lookup]") {
  World world;
  world.options.batch = 1;
  int told = 0;
  world.options.tell_late = [&](std::chrono::seconds) { ++told; };
  world.due("a.example", 5h - 1s);
  world.round();
  world.clock.time += 1h;
  world.round();
  CHECK(told == 0);
}

TEST_CASE("refresh_forever goes by rounds", "[lookup]") {
  World world;
  world.options.round = 1ms;
  world.options.batch = 1;
  world.many_due(3, ".example");
  boost::asio::co_spawn(world.loop, refresh_forever(world.flights, world.store, world.clock, world.options),
                        boost::asio::detached);
  world.loop.run_for(200ms);
  CHECK(world.fetch->asked == 3);
}
