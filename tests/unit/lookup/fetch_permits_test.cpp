#include "lookup/fetch_permits.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <optional>
#include <random>
#include <vector>

using namespace mtasts;
using namespace std::chrono_literals;
using Keys = PermitQueue::Keys;

namespace {

std::vector<PermitQueue::Id> all_next(PermitQueue& queue) {
  std::vector<PermitQueue::Id> granted;
  while (auto next = queue.next()) granted.push_back(*next);
  return granted;
}

}  // namespace

TEST_CASE("one address that never answers holds its share of the permits and no more", "[permits]") {
  PermitQueue queue({.all = 10, .each = 3});
  std::vector<PermitQueue::Id> hostile;
  for (int i = 0; i < 50; ++i) hostile.push_back(*queue.ask({"d" + std::to_string(i), "hanging"}));
  CHECK(all_next(queue).size() == 3);
  auto good = *queue.ask({"good", "elsewhere"});
  CHECK(all_next(queue) == std::vector{good});
  queue.leave(hostile[1]);
  CHECK(all_next(queue) == std::vector{hostile[3]});  // in order
  CHECK(queue.held() == 4);
}

TEST_CASE("one registrable domain holds its share, at however many addresses", "[permits]") {
  PermitQueue queue({.all = 10, .each = 3});
  for (int i = 0; i < 50; ++i) queue.ask({"wild", "a" + std::to_string(i)});
  CHECK(all_next(queue).size() == 3);
  queue.ask({"good", "a7"});
  CHECK(all_next(queue).size() == 1);
}

TEST_CASE("as permits run out the shares shrink, so that a permit is left for a key that has none",
          "[permits]") {
  PermitQueue queue({.all = 40, .each = 8});
  std::vector<PermitQueue::Id> hostile;
  for (int i = 0; i < 500; ++i) hostile.push_back(*queue.ask({"wild" + std::to_string(i % 10)}));
  CHECK(queue.held() < 35);
  all_next(queue);
  for (int i = 0; i < 5; ++i) {
    auto good = *queue.ask({"good" + std::to_string(i)});
    CHECK(all_next(queue) == std::vector{good});
  }
  for (auto each : hostile) queue.leave(each);
  CHECK(queue.waiting() == 0);
  CHECK(queue.held() == 5);
}

TEST_CASE("when a permit becomes free, a key that holds none comes before a key that holds some",
          "[permits]") {
  PermitQueue queue({.all = 2, .each = 2});
  auto first = *queue.ask({"a"}), second = *queue.ask({"b"});
  auto more = *queue.ask({"a"}), none = *queue.ask({"c"});
  CHECK(all_next(queue) == std::vector{first, second});
  queue.leave(second);
  CHECK(all_next(queue) == std::vector{none});
  queue.leave(none);
  CHECK(all_next(queue) == std::vector{more});
}

TEST_CASE("a request that waits for one share may then have to wait for another", "[permits]") {
  PermitQueue queue({.all = 10, .each = 1});
  auto a = *queue.ask({"x", "1"}), b = *queue.ask({"y", "2"});
  auto both = *queue.ask({"x", "2"});
  auto behind = *queue.ask({"x", "3"});
  CHECK(all_next(queue) == std::vector{a, b});
  queue.leave(a);  // `both` goes on to wait for 2, and must not keep x from the one behind it
  CHECK(all_next(queue) == std::vector{behind});
  queue.leave(b);
  CHECK(all_next(queue).empty());
  queue.leave(behind);
  CHECK(all_next(queue) == std::vector{both});
}

TEST_CASE("a request that has left is skipped, and above the limit nothing waits", "[permits]") {
  PermitQueue queue({.all = 1, .each = 1, .waiting = 2});
  auto holds = *queue.ask({"a"}), gone = *queue.ask({"b"}), next = *queue.ask({"c"});
  CHECK_FALSE(queue.ask({"d"}));
  CHECK(all_next(queue) == std::vector{holds});
  queue.leave(gone);
  queue.leave(gone);
  CHECK(queue.waiting() == 1);
  queue.leave(holds);
  CHECK(all_next(queue) == std::vector{next});
}

TEST_CASE("over random arrivals no permit is lost, and nobody waits beside a free one", "[permits]") {
  constexpr PermitLimits limits{.all = 12, .each = 4};
  for (unsigned seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    PermitQueue queue(limits);
    std::map<PermitQueue::Id, Keys> waits, holds;
    auto note = [&] {
      while (auto next = queue.next()) holds.insert(waits.extract(*next));
    };
    auto held_of = [&](const std::string& key) {
      std::size_t count = 0;
      for (const auto& [id, keys] : holds) count += static_cast<std::size_t>(std::ranges::count(keys, key));
      return count;
    };
    auto drop_one = [&](auto& from) {
      if (from.empty()) return;
      auto which = std::next(from.begin(), static_cast<std::ptrdiff_t>(random() % from.size()));
      queue.leave(which->first);
      from.erase(which);
    };
    for (int step = 0; step < 500; ++step) {
      if (random() % 2 == 0) {
        Keys keys{"d" + std::to_string(random() % 6), "a" + std::to_string(random() % 4)};
        waits.emplace(*queue.ask(keys), keys);
      } else if (random() % 4 == 0) {
        drop_one(waits);
      } else {
        drop_one(holds);
      }
      note();
      REQUIRE(queue.held() == holds.size());
      REQUIRE(queue.waiting() == waits.size());
      REQUIRE(holds.size() <= limits.all);
      for (const auto& [id, keys] : holds)
        for (const auto& key : keys) REQUIRE(held_of(key) <= limits.each);
      auto share = std::max<std::size_t>(
          1, std::min(limits.each, 2 * limits.each * (limits.all - holds.size()) / limits.all));
      for (const auto& [id, keys] : waits)
        REQUIRE((holds.size() == limits.all ||
                 std::ranges::any_of(keys, [&](const auto& key) { return held_of(key) >= share; })));
    }
    while (!holds.empty() || !waits.empty()) {
      drop_one(holds.empty() ? waits : holds);
      note();
    }
    CHECK(queue.held() == 0);
    CHECK(queue.waiting() == 0);
  }
}

namespace {

struct World {
  boost::asio::io_context loop;
  std::optional<FetchPermits> permits{std::in_place, loop.get_executor(), PermitLimits{.all = 2, .each = 2}};
  int now = 0, most = 0, refused = 0;
  std::vector<int> order;

  boost::asio::awaitable<void> work(int number, std::chrono::milliseconds patience) {
    auto permit = co_await permits->take({"key"}, patience);
    if (!permit) {
      ++refused;
      co_return;
    }
    order.push_back(number);
    most = std::max(most, ++now);
    boost::asio::steady_timer timer(loop, 100ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    --now;
  }
  void start(int count, std::chrono::milliseconds patience) {
    for (int i = 0; i < count; ++i) boost::asio::co_spawn(loop, work(i, patience), boost::asio::detached);
  }
};

}  // namespace

TEST_CASE("permits are given in order, no more than there are, to those who have the patience", "[permits]") {
  World world;
  world.start(7, 250ms);
  world.loop.run();
  CHECK(world.most == 2);
  CHECK(world.order == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(world.refused == 1);
  CHECK(world.permits->waiting() == 0);
  world.start(3, 0ms);
  world.loop.restart();
  world.loop.run();
  CHECK(world.order.size() == 8);
  CHECK(world.refused == 2);
}

TEST_CASE("a waiter may outlive the permits", "[permits]") {
  World world;
  world.start(4, 1h);
  world.loop.poll();
  world.permits.reset();
  world.loop.restart();
  world.loop.run();
  CHECK(world.order.size() == 4);
}
