#include "net/https/turns.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "tests/unit/net/get_bench.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

Address address(const char* text) { return parse_address(text).value(); }

struct World {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop;
  std::optional<HostTurns> turns;
  std::chrono::milliseconds takes = 30ms;
  std::vector<int> order;
  std::vector<Steady::time_point> begun;
  int now = 0, most = 0, put_off = 0;

  explicit World(TurnOptions options) { turns.emplace(loop.get_executor(), options); }
  boost::asio::awaitable<void> work(int number, Address where, std::chrono::milliseconds patience) {
    auto turn = co_await turns->take(where, patience);
    if (!turn) {
      ++put_off;
      co_return;
    }
    order.push_back(number);
    begun.push_back(Steady::now());
    most = std::max(most, ++now);
    boost::asio::steady_timer timer(loop, takes);
    co_await timer.async_wait(boost::asio::use_awaitable);
    --now;
  }
  void start(int count, const char* where, std::chrono::milliseconds patience = 60s) {
    for (int i = 0; i < count; ++i)
      boost::asio::co_spawn(loop, work(i, address(where), patience), boost::asio::detached);
  }
};

TEST_CASE("turns at one address: in order, with limits on how many at once and how often", "[net]") {
  World world({.at_once = 2, .interval = 10ms});
  world.start(7, "192.0.2.1");
  world.loop.run();
  CHECK(world.most == 2);
  CHECK(world.order == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  for (std::size_t i = 1; i < world.begun.size(); ++i) CHECK(world.begun[i] - world.begun[i - 1] >= 10ms);
}

TEST_CASE("by default 4 at once and 20 a second", "[net]") {
  World world({});
  world.takes = 1s;
  world.start(6, "192.0.2.1", 400ms);
  world.loop.run_for(600ms);
  CHECK(world.order.size() == 4);
  CHECK(world.put_off == 2);
  CHECK(world.begun.back() - world.begun.front() == 150ms);
}

TEST_CASE("another address does not wait", "[net]") {
  World world({.at_once = 1, .interval = 1s});
  for (const char* where : {"192.0.2.1", "192.0.2.2", "2001:db8::1"}) world.start(1, where, 0ms);
  world.loop.run();
  CHECK(world.order.size() == 3);
}

TEST_CASE("a waiter that gets no turn in time is put off, and those after it go on", "[net]") {
  World world({.at_once = 1, .interval = 0ms});
  world.takes = 100ms;
  world.start(1, "192.0.2.1");
  world.start(3, "192.0.2.1", 20ms);
  world.start(1, "192.0.2.1");
  world.loop.run();
  CHECK(world.put_off == 3);
  CHECK(world.order == std::vector<int>{0, 0});
}

TEST_CASE("idle addresses are forgotten, others are not", "[net]") {
  World world({.at_once = 1, .interval = 0ms, .most_idle = 10});
  world.takes = 5ms;
  for (int i = 0; i < 100; ++i) {
    world.start(1, ("192.0.2." + std::to_string(i)).c_str());
    world.loop.restart();
    world.loop.run();
  }
  CHECK(world.order.size() == 100);
  CHECK(world.turns->addresses() <= 10);
  for (int i = 0; i < 100; ++i) world.start(1, ("192.0.2." + std::to_string(i)).c_str());
  world.loop.restart();
  world.loop.run_for(2ms);
  CHECK(world.turns->addresses() == 100);
}

TEST_CASE("a waiter may outlive the turns", "[net]") {
  World world({.at_once = 1, .interval = 0ms});
  world.start(3, "192.0.2.1");
  world.loop.run_for(5ms);
  world.turns.reset();
  world.loop.run();
  CHECK(world.order.size() == 3);
}

TEST_CASE("a loop that is destroyed while some wait", "[net]") {
  World world({.at_once = 1, .interval = 1s});
  world.start(5, "192.0.2.1");
  world.loop.run_for(5ms);
  CHECK(world.order.size() == 1);
}

// The one turn is held by a fetch that the server keeps waiting.
struct BusyHost {
  StreamServer server{answering(sized(policy))};
  FetchBench bench;
  std::optional<HostTurns::Turn> held;

  BusyHost() {
    bench.address("127.0.0.1");
    bench.settings->timeout = 60s;
    bench.settings->turns = std::make_shared<HostTurns>(bench.loop.get_executor(), TurnOptions{1, 0ms, 10});
    auto turn = run(bench.loop, bench.settings->turns->take(address("127.0.0.1"), 0ms));
    held.emplace(std::move(turn.value()));
  }
};

TEST_CASE("a busy policy host: refreshes are put off, unless their policy is near its end; askers go first",
          "[net]") {
  auto passing = 2s;
  fake::VirtualTime virtual_time([&, begin = Steady::now()] { return Steady::now() - begin < passing; });
  BusyHost host;
  auto put_off = host.bench.fetch(host.server.port(), Hurry::whenever);
  REQUIRE(!put_off);
  CHECK(put_off.error().put_off);
  CHECK(host.server.connections() == 0);
  passing += 5s;
  CHECK(host.bench.fetch(host.server.port(), Hurry::soon));
  auto begin = Steady::now();
  CHECK(host.bench.fetch(host.server.port(), Hurry::now));
  CHECK(Steady::now() == begin);
  host.held.reset();
  CHECK(host.bench.fetch(host.server.port(), Hurry::whenever));
}

TEST_CASE("a fetch that fails gives its turn back", "[net]") {
  BusyHost host;
  host.held.reset();
  CHECK(!host.bench.fetch(1, Hurry::whenever));
  CHECK(host.bench.fetch(host.server.port(), Hurry::whenever));
}

}  // namespace
}  // namespace mtasts
