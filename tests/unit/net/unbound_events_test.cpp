#include "net/dns/unbound_events.hpp"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <vector>

#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

// What libunbound uses of the events: the functions and the calls.
struct Bench {
  Bench() {
    auto made = UnboundEvents::make(loop, [this] { events->run(); });
    REQUIRE(made);
    events = *made;
  }
  ~Bench() { events->close(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  fake::VirtualTime virtual_time;
  asio::io_context loop{1};
  std::shared_ptr<UnboundEvents> events;
};

struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void put() const { CHECK(::write(ends[1], "x", 1) == 1); }
  void take() const {
    char octet = 0;
    CHECK(::read(ends[0], &octet, 1) == 1);
  }
  std::array<int, 2> ends{-1, -1};
};

// One event; counts its calls.
struct Watch {
  Watch(Bench& bench, int descriptor, short bits) : event(make(bench, descriptor, bits)) {}
  ~Watch() { end(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  ub_event* make(Bench& bench, int descriptor, short bits) {
    return bench.events->vmt->new_event(bench.events.get(), descriptor, bits, &Watch::called, this);
  }
  static void called(int, short why, void* self) {
    auto& watch = *static_cast<Watch*>(self);
    ++watch.calls;
    watch.why = why;
    if (watch.on_call) watch.on_call();
  }
  int start() const { return event->vmt->add(event, nullptr); }
  int start(std::chrono::microseconds after) const {
    timeval time{.tv_sec = after / 1s, .tv_usec = (after % 1s).count()};
    return event->vmt->add(event, &time);
  }
  void end() {
    if (event != nullptr) event->vmt->free(event);
    event = nullptr;
  }

  ub_event* event;
  std::function<void()> on_call;
  int calls = 0;
  short why = 0;
};

TEST_CASE("UB-16: octets that are not read are reported again, as libunbound expects", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ | UB_EV_PERSIST);
  REQUIRE(watch.start() == 0);
  pipe.put();
  pipe.put();
  watch.on_call = [&] { pipe.take(); };
  CHECK(run_until(bench.loop, 5s, [&] { return watch.calls == 2; }));
  CHECK(watch.why == UB_EV_READ);
  run_for(bench.loop, 20ms);
  CHECK(watch.calls == 2);
}

TEST_CASE("an event that does not persist is called once", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ);
  REQUIRE(watch.start(20ms) == 0);
  pipe.put();
  run_for(bench.loop, 60ms);
  CHECK(watch.calls == 1);
  REQUIRE(watch.start() == 0);
  CHECK(run_until(bench.loop, 5s, [&] { return watch.calls == 2; }));
}

// The loop stood still meanwhile. Otherwise libunbound would ask again and take the server for a slow one.
TEST_CASE("what is ready is not late, however much is ready", "[net]") {
  Bench bench;
  constexpr int count = 200;
  std::vector<std::unique_ptr<Pipe>> pipes;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < count; ++i) {
    auto& pipe = *pipes.emplace_back(std::make_unique<Pipe>());
    auto& watch = *watches.emplace_back(std::make_unique<Watch>(bench, pipe.ends[0], UB_EV_READ));
    REQUIRE(watch.start(10ms) == 0);
    pipe.put();
  }
  fake::VirtualTime::pass(30ms);
  auto called = [](const auto& watch) { return watch->calls == 1; };
  CHECK(run_until(bench.loop, 5s, [&] { return std::ranges::all_of(watches, called); }));
  CHECK(std::ranges::all_of(watches, [](const auto& watch) { return watch->why == UB_EV_READ; }));
}

TEST_CASE("an event that is added again has only the new timeout", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ);
  REQUIRE(watch.start(5ms) == 0);
  REQUIRE(watch.start(60s) == 0);
  run_for(bench.loop, 30ms);
  CHECK(watch.calls == 0);
  pipe.put();
  CHECK(run_until(bench.loop, 5s, [&] { return watch.calls == 1; }));
}

TEST_CASE("adding a timer sets its callback together with its timeout", "[net]") {
  Bench bench;
  Watch first(bench, -1, UB_EV_TIMEOUT), second(bench, -1, UB_EV_TIMEOUT);
  timeval soon{.tv_sec = 0, .tv_usec = 5000};
  REQUIRE(first.event->vmt->add_timer(first.event, bench.events.get(), &Watch::called, &second, &soon) == 0);
  CHECK(run_until(bench.loop, 5s, [&] { return second.calls == 1; }));
  CHECK(first.calls == 0);
}

TEST_CASE("a timeout ends once, and again and again for a persistent event", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch once(bench, -1, UB_EV_TIMEOUT);
  Watch often(bench, pipe.ends[0], UB_EV_READ | UB_EV_PERSIST);
  REQUIRE(once.start(10ms) == 0);
  REQUIRE(often.start(5ms) == 0);
  CHECK(run_until(bench.loop, 5s, [&] { return once.calls == 1 && often.calls >= 3; }));
  CHECK(once.why == UB_EV_TIMEOUT);
  CHECK(often.why == UB_EV_TIMEOUT);
  run_for(bench.loop, 30ms);
  CHECK(once.calls == 1);
}

TEST_CASE("a persistent event times out again after it was read from", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ | UB_EV_PERSIST);
  watch.on_call = [&] {
    if (watch.why == UB_EV_READ) pipe.take();
  };
  REQUIRE(watch.start(100ms) == 0);
  run_for(bench.loop, 60ms);
  const auto put = UnboundEvents::Clock::now();
  pipe.put();
  REQUIRE(run_until(bench.loop, 5s, [&] { return watch.calls == 1; }));
  CHECK(watch.why == UB_EV_READ);
  CHECK(run_until(bench.loop, 5s, [&] { return watch.why == UB_EV_TIMEOUT; }));
  CHECK(UnboundEvents::Clock::now() - put >= 100ms);  // its timeout began again
}

TEST_CASE("a timeout that ends earlier than the others", "[net]") {
  Bench bench;
  Watch late(bench, -1, UB_EV_TIMEOUT), early(bench, -1, UB_EV_TIMEOUT);
  REQUIRE(late.start(60s) == 0);
  REQUIRE(early.start(5ms) == 0);
  CHECK(run_until(bench.loop, 5s, [&] { return early.calls == 1; }));
  REQUIRE(late.start(5ms) == 0);
  CHECK(run_until(bench.loop, 5s, [&] { return late.calls == 1; }));
}

TEST_CASE("two that are ready at once: the first call ends the other", "[net]") {
  Bench bench;
  Pipe one, two;
  Watch first(bench, one.ends[0], UB_EV_READ | UB_EV_PERSIST);
  Watch second(bench, two.ends[0], UB_EV_READ | UB_EV_PERSIST);
  first.on_call = [&] {
    one.take();
    second.end();
  };
  second.on_call = [&] {
    two.take();
    first.end();
  };
  REQUIRE(first.start() == 0);
  REQUIRE(second.start() == 0);
  one.put();
  two.put();
  run_for(bench.loop, 30ms);
  CHECK(first.calls + second.calls == 1);
}

TEST_CASE("an event may be freed in its own call", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ | UB_EV_PERSIST);
  watch.on_call = [&] { watch.end(); };
  REQUIRE(watch.start(10ms) == 0);
  pipe.put();
  run_for(bench.loop, 40ms);
  CHECK(watch.calls == 1);
}

TEST_CASE("a changed event stays inactive until it is added again", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ | UB_EV_PERSIST);
  REQUIRE(watch.start() == 0);
  SECTION("another descriptor") { watch.event->vmt->set_fd(watch.event, pipe.ends[1]); }
  SECTION("more bits") { watch.event->vmt->add_bits(watch.event, UB_EV_WRITE); }
  SECTION("fewer bits") { watch.event->vmt->del_bits(watch.event, UB_EV_WRITE); }
  pipe.put();
  run_for(bench.loop, 20ms);
  CHECK(watch.calls == 0);
}

TEST_CASE("a changed event is called for what it is now", "[net]") {
  Bench bench;
  Pipe pipe;
  Watch watch(bench, pipe.ends[0], UB_EV_READ | UB_EV_PERSIST);
  watch.event->vmt->set_fd(watch.event, pipe.ends[1]);
  watch.event->vmt->del_bits(watch.event, UB_EV_READ);
  watch.event->vmt->add_bits(watch.event, UB_EV_WRITE);
  watch.on_call = [&] { watch.event->vmt->del(watch.event); };
  REQUIRE(watch.start() == 0);
  CHECK(run_until(bench.loop, 5s, [&] { return watch.calls == 1; }));
  CHECK(watch.why == UB_EV_WRITE);
  run_for(bench.loop, 10ms);
  CHECK(watch.calls == 1);
}

TEST_CASE("an event that waits to write learns of a broken connection", "[net]") {
  Bench bench;
  Pipe pipe;
  while (::write(pipe.ends[1], "0123456789abcdef", 16) > 0) {
  }
  Watch watch(bench, pipe.ends[1], UB_EV_WRITE);
  REQUIRE(watch.start() == 0);
  run_for(bench.loop, 10ms);
  CHECK(watch.calls == 0);
  ::close(pipe.ends[0]);
  pipe.ends[0] = -1;
  CHECK(run_until(bench.loop, 5s, [&] { return watch.calls == 1; }));
}

TEST_CASE("a descriptor that can't be watched is an error", "[net]") {
  Bench bench;
  Watch watch(bench, 100000, UB_EV_READ);
  CHECK(watch.start(5ms) == -1);
  run_for(bench.loop, 20ms);
  CHECK(watch.calls == 0);
}

}  // namespace
}  // namespace mtasts
