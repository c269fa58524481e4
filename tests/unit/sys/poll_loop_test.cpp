#include "sys/poll_loop.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

#include "tests/unit/virtual_time.hpp"

using namespace mtasts;
using namespace std::chrono_literals;

namespace {

struct World {
  std::unique_ptr<PollLoop> loop = PollLoop::make().value();
  void run(const std::function<void()>& turned = [] {}) { loop->run(turned); }
};

struct Socket : PollLoop::Watched {
  Fd here, there;
  int readies = 0;
  std::function<void()> on_ready = [] {};

  Socket() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    here = Fd(ends[0]);
    there = Fd(ends[1]);
  }
  void ready() override {
    ++readies;
    on_ready();
  }
  void read() {
    char bytes[16];
    CHECK(::read(here.get(), bytes, sizeof bytes) > 0);
  }
};

}  // namespace

TEST_CASE("tasks of other threads run in order on the loop's thread", "[policy]") {
  World world;
  std::vector<int> order;
  std::thread::id where;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      world.loop->post([&, i] { order.push_back(i); });
      if (i % 100 == 0) std::this_thread::sleep_for(1ms);
    }
    world.loop->post([&] {
      where = std::this_thread::get_id();
      world.loop->stop();
    });
  });
  world.run();
  other.join();
  CHECK(order.size() == 1000);
  CHECK(std::ranges::is_sorted(order));
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("a task may post another; one posted after the end is dropped", "[policy]") {
  World world;
  bool second = false;
  auto alive = std::make_shared<int>();
  world.loop->post([&] { world.loop->post([&] { second = true, world.loop->stop(); }); });
  world.run();
  CHECK(second);
  world.loop->post([alive] {});
  world.loop.reset();
  CHECK(alive.use_count() == 1);
}

TEST_CASE("timed tasks run in order, and not before their time", "[policy]") {
  fake::VirtualTime virtual_time;
  World world;
  auto begin = PollLoop::Moment::clock::now();
  std::vector<int> order;
  auto at = [&](std::chrono::milliseconds after, int number) {
    world.loop->at(begin + after, [&, after, number] {
      CHECK(PollLoop::Moment::clock::now() == begin + std::max(after, 0ms));
      order.push_back(number);
      if (number == 3) world.loop->stop();
    });
  };
  at(30ms, 2), at(10ms, 1), at(60ms, 3), at(-5ms, 0);
  world.run();
  CHECK(order == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a descriptor is ready while there is something to read and EPOLLIN is watched", "[policy]") {
  fake::VirtualTime virtual_time;
  World world;
  Socket socket;
  REQUIRE(world.loop->watch(socket.here.get(), EPOLLIN, socket));
  REQUIRE(::write(socket.there.get(), "x", 1) == 1);
  auto later = [&](PollLoop::Task task) {
    world.loop->at(PollLoop::Moment::clock::now() + 20ms, std::move(task));
  };
  auto other_side_ends = [&] {
    CHECK(socket.readies == 3);
    socket.on_ready = [&] { world.loop->stop(); };
    socket.there = Fd();  // always reported
  };
  auto not_asked_for = [&] {
    CHECK(socket.readies == 3);
    world.loop->change(socket.here.get(), 0, socket);
    CHECK(::write(socket.there.get(), "x", 1) == 1);
    later(other_side_ends);
  };
  socket.on_ready = [&] {
    if (socket.readies < 3) return;  // leaves it unread twice
    socket.read();
    later(not_asked_for);
  };
  world.run();
  CHECK(socket.readies == 4);
}

TEST_CASE("posted tasks run in each turn, however many descriptors are ready all the time", "[policy]") {
  World world;
  std::vector<Socket> sockets(200);  // more than one turn handles
  int readies = 0, at_post = 0, at_run = 0;
  for (Socket& socket : sockets) {
    REQUIRE(world.loop->watch(socket.here.get(), EPOLLIN, socket));
    REQUIRE(::write(socket.there.get(), "x", 1) == 1);
    socket.on_ready = [&] {
      if (++readies != 1000) return;
      at_post = readies;
      world.loop->post([&] { at_run = readies, world.loop->stop(); });
    };
  }
  world.run();
  CHECK(at_post == 1000);
  CHECK(at_run - at_post < 64);
}

TEST_CASE("turned() is called after each turn, and each second when nothing happens", "[policy]") {
  fake::VirtualTime virtual_time;
  World world;
  auto begin = PollLoop::Moment::clock::now();
  int turns = 0;
  world.run([&] {
    if (++turns == 1) world.loop->stop();
  });
  auto took = PollLoop::Moment::clock::now() - begin;
  CHECK(turns == 1);
  CHECK(took == 1s);
}

TEST_CASE("the coarse clock is the steady one, a little behind", "[policy]") {
  auto least = PollLoop::Moment::duration::max();
  for (int tries = 0; tries < 1000; ++tries) {  // this thread may be kept waiting between the two
    auto coarse = PollLoop::coarse_now();
    auto fine = PollLoop::Moment::clock::now();
    CHECK(coarse <= fine);
    least = std::min(least, fine - coarse);
  }
  CHECK(least < 200ms);
}
