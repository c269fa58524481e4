#include "lookup/places.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <vector>

using namespace mtasts;
using namespace std::chrono_literals;

namespace {

struct World {
  boost::asio::io_context loop;
  std::optional<Places> places{std::in_place, loop.get_executor(), 2u};
  int now = 0, most = 0, refused = 0;
  std::vector<int> order;

  boost::asio::awaitable<void> work(int number) {
    auto place = co_await places->take();
    if (!place) {
      ++refused;
      co_return;
    }
    order.push_back(number);
    most = std::max(most, ++now);
    boost::asio::steady_timer timer(loop, 100ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    --now;
  }
  void start(int count) {
    for (int i = 0; i < count; ++i) boost::asio::co_spawn(loop, work(i), boost::asio::detached);
  }
};

}  // namespace

TEST_CASE("places are given in order, no more than there are, and as many may wait", "[lookup]") {
  World world;
  world.start(7);
  world.loop.poll();
  CHECK(world.places->full());
  CHECK(world.places->waiting() == 2);
  CHECK(world.refused == 3);
  world.loop.restart();
  world.loop.run();
  CHECK(world.most == 2);
  CHECK(world.order == std::vector<int>{0, 1, 2, 3});
  CHECK(world.places->waiting() == 0);
  CHECK_FALSE(world.places->full());
  world.start(1);
  world.loop.restart();
  world.loop.run();
  CHECK(world.order.size() == 5);
}

TEST_CASE("who waits for a place may outlive the places", "[lookup]") {
  World world;
  world.start(4);
  world.loop.poll();
  world.places.reset();
  world.loop.restart();
  world.loop.run();
  CHECK(world.order.size() == 4);
}
