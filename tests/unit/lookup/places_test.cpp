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
  std::optional<Places> places{std::in_place, loop.get_executor(), 2};
  int now = 0, most = 0;
  std::vector<int> order;

  boost::asio::awaitable<void> work(int number) {
    auto place = co_await places->take();
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

TEST_CASE("places are given in order, and no more than there are", "[lookup]") {
  World world;
  world.start(7);
  world.loop.poll();
  CHECK(world.places->waiting() == 5);
  world.loop.restart();
  world.loop.run();
  CHECK(world.most == 2);
  CHECK(world.order == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  CHECK(world.places->waiting() == 0);
  world.start(1);  // both are free again
  world.loop.restart();
  world.loop.run();
  CHECK(world.order.size() == 8);
}

TEST_CASE("who waits for a place may outlive the places", "[lookup]") {
  World world;
  world.start(5);
  world.loop.poll();
  world.places.reset();
  world.loop.restart();
  world.loop.run();
  CHECK(world.order.size() == 5);
}
