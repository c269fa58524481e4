#include "lookup/flight_queue.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

using namespace mtasts;
using namespace std::chrono_literals;

namespace {

using Instant = FlightQueue::Instant;
constexpr Instant begin{1h};

struct Named final : QueuedFlight {
  explicit Named(std::string name_) : name(std::move(name_)) {}
  std::string name;
};

struct World {
  FlightQueue queue;
  std::vector<std::shared_ptr<Named>> flights{};

  std::shared_ptr<Named> make(std::string name) {
    return flights.emplace_back(std::make_shared<Named>(std::move(name)));
  }
  void ask(std::string name) { queue.add_asked(make(std::move(name))); }
  void recheck(std::string name) { queue.add_relaxed(make(std::move(name))); }
  std::string launch(Instant now = begin) {
    std::string names;
    while (auto flight = queue.launch(now)) names += std::static_pointer_cast<Named>(flight)->name;
    return names;
  }
  void land(std::string name) {
    for (auto& flight : flights)
      if (flight->name == name) queue.leave(*flight, FlightState::landed);
  }
};

}  // namespace

TEST_CASE("no more flights fly than there are places, those with askers first", "[queue]") {
  World world{FlightQueue({.flying = 4})};
  for (auto name : {"a", "b", "c", "d", "e", "f"}) world.ask(name);
  CHECK(world.launch() == "abcd");
  CHECK(world.queue.flying() == 4);
  CHECK(world.queue.waiting() == 2);
  world.land("b");
  CHECK(world.launch() == "e");
}

TEST_CASE("rechecks get a quarter of the places first, and half at most", "[queue]") {
  World world{FlightQueue({.flying = 8})};
  for (auto name : {"1", "2", "3", "4", "5", "6"}) world.recheck(name);
  CHECK(world.launch() == "12345");  // nobody asks: half, rounded up
  for (auto name : {"a", "b", "c", "d"}) world.ask(name);
  CHECK(world.launch() == "abc");
  for (auto name : {"1", "2", "3", "4"}) world.land(name);
  CHECK(world.launch() == "6d");
}

TEST_CASE("a recheck that somebody asks for is launched once, among those with askers", "[queue]") {
  World world{FlightQueue({.flying = 1})};
  world.ask("a");
  auto flight = world.make("r");
  world.queue.add_relaxed(world.make("q"));
  world.queue.add_relaxed(flight);
  CHECK(world.launch() == "q");
  world.queue.add_asked(flight);
  world.land("q");
  CHECK(world.launch() == "r");  // from the queue of rechecks, whose turn it is
  world.land("r");
  CHECK(world.launch() == "a");
  world.land("a");
  CHECK(world.launch() == "");
  CHECK(world.queue.waiting() == 0);
}

TEST_CASE(
    "a flight that takes long gives its place to one that waits, the longest first, and only if one waits",
    "[queue]") {
  World world{FlightQueue({.flying = 2, .slow = 2, .slow_after = 2s})};
  world.ask("a");
  world.launch(begin);
  world.ask("b");
  world.launch(begin + 1s);
  CHECK_FALSE(world.queue.next_slow_down());
  CHECK_FALSE(world.queue.slow_down(begin + 10s));  // nobody waits
  world.ask("c");
  world.ask("d");
  world.ask("e");
  CHECK(world.queue.next_slow_down() == begin + 2s);
  CHECK_FALSE(world.queue.slow_down(begin + 1999ms));
  auto slow = world.queue.slow_down(begin + 2s);
  REQUIRE(slow == world.flights[0]);
  CHECK(slow->state == FlightState::slow);
  CHECK(world.launch(begin + 2s) == "c");
  CHECK(world.queue.next_slow_down() == begin + 3s);
  REQUIRE(world.queue.slow_down(begin + 3s) == world.flights[1]);
  CHECK(world.launch(begin + 3s) == "d");
  CHECK_FALSE(world.queue.next_slow_down());  // the limit of slow flights is reached
  world.land("a");
  CHECK(world.queue.next_slow_down() == begin + 4s);
}

TEST_CASE("a recheck keeps its place however long it takes", "[queue]") {
  World world{FlightQueue({.flying = 1, .slow_after = 2s})};
  world.recheck("r");
  CHECK(world.launch() == "r");
  world.ask("a");
  CHECK_FALSE(world.queue.next_slow_down());
  CHECK_FALSE(world.queue.slow_down(begin + 1h));
}
