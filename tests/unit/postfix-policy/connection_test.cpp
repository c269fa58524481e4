// What a client may do on its connection, and how the daemon reacts.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <future>
#include <thread>

#include "answerer_world.hpp"
#include "core/netstring.hpp"
#include "postfix-policy/answer_loop.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

// Its disk hangs for a while.
struct SlowReader : FakeReader {
  Result<std::optional<RecordView>> find(const DomainName& domain) override {
    if (domain.str() == "frozen.example") {
      stands_still = true;
      std::this_thread::sleep_for(stall_limit + 500ms);
    }
    return FakeReader::find(domain);
  }
  std::atomic<bool> stands_still = false;
};

// True if the condition becomes true within a minute.
bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 12'000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
  return condition();
}

// There is no network: the flight of an unknown domain never ends, so its askers wait until their time is up.
struct World {
  FakeStore store;
  FakeClock clock;
  Log log{LogConfig{.level = LogConfig::Level::error}};
  Shortages shortages;
  ResolveLoop resolve{store, clock, log, shortages};
  SlowReader* reader = new SlowReader;
  AnswerLoop loop;

  explicit World(std::chrono::milliseconds wait = 100ms)
      : loop(PollLoop::make().value(), std::unique_ptr<Reader>(reader), resolve, clock, log, shortages,
             settings(wait)) {
    reader->records.emplace(name("good.example"), stored_policy(clock.time, "enforce", 604800));
    resolve.start();
    loop.start();
  }
  ~World() {
    resolve.stop();
    loop.stop();
  }
  static SettingsPtr settings(std::chrono::milliseconds wait) {
    Config config;
    config.policy.dane = false;
    config.policy.first_fetch_wait = wait;
    return make_settings(config);
  }
  // The client's end.
  Fd connect(AnswerLoop::Room room = AnswerLoop::Room::there_is) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    loop.adopt(ends[0], {}, room);
    return Fd(ends[1]);
  }
  bool all_closed() {
    return soon([this] { return loop.connections() == 0; });
  }
  // True once a request waits for a flight.
  bool waits() {
    std::promise<FlightCounts> counts;
    resolve.count([&counts](FlightCounts now) { counts.set_value(now); });
    FlightCounts now = counts.get_future().get();
    return now.flying + now.waiting > 0;
  }
};

void send(const Fd& client, std::string_view bytes) {
  REQUIRE(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

std::string request(std::string_view key) {
  std::string frame;
  append_netstring(frame, "postfix " + std::string(key));
  return frame;
}

// The payloads of count replies; fewer if the connection ends, or nothing comes for a minute.
std::vector<std::string> replies(const Fd& client, std::size_t count) {
  std::vector<std::string> all;
  std::string input;
  while (all.size() < count) {
    Frame frame = next_frame(input, 100'000);
    if (frame.state == Frame::State::whole) {
      all.emplace_back(frame.payload);
      input.erase(0, frame.used);
      continue;
    }
    pollfd wait{client.get(), POLLIN, 0};
    char bytes[4096];
    if (::poll(&wait, 1, 60'000) != 1) break;
    auto got = ::recv(client.get(), bytes, sizeof bytes, 0);
    if (got <= 0) break;
    input.append(bytes, static_cast<std::size_t>(got));
  }
  return all;
}

bool ended(const Fd& client) {
  pollfd wait{client.get(), POLLIN, 0};
  char byte = 0;
  return ::poll(&wait, 1, 60'000) == 1 && ::recv(client.get(), &byte, 1, 0) <= 0;
}

constexpr const char* secure = "OK secure match=mx.example.com servername=hostname";

}  // namespace

TEST_CASE("SM-12: requests sent ahead are answered in order, also after one that has to wait", "[policy]") {
  World world;
  auto client = world.connect();
  send(client, request("good.example") + request("unknown.example") + request("good.example") +
                   request("unknown.example") + request("[192.0.2.1]"));
  CHECK(replies(client, 5) ==
        std::vector<std::string>{secure, "NOTFOUND ", secure, "NOTFOUND ", "NOTFOUND "});
}

TEST_CASE("a request octet by octet, and one split over two reads after others", "[policy]") {
  World world;
  auto client = world.connect();
  for (char c : request("good.example")) {
    send(client, std::string(1, c));
    std::this_thread::sleep_for(1ms);
  }
  CHECK(replies(client, 1) == std::vector<std::string>{secure});
  std::string many;
  for (int i = 0; i < 2000; ++i) many += request("good.example");  // more than one read takes
  std::jthread writer([&] { ::send(client.get(), many.data(), many.size(), MSG_NOSIGNAL); });
  auto all = replies(client, 2000);
  CHECK(all.size() == 2000);
  CHECK(std::ranges::count(all, secure) == 2000);
}

TEST_CASE("a client that does not read gets the rest once it does, and nothing is lost", "[policy]") {
  World world;
  auto client = world.connect();
  int small = 4096;
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  std::string many;
  for (int i = 0; i < 8000; ++i) many += request("good.example");
  std::jthread writer([&] { ::send(client.get(), many.data(), many.size(), MSG_NOSIGNAL); });
  std::this_thread::sleep_for(200ms);
  CHECK(replies(client, 8000).size() == 8000);
  send(client, request("good.example"));
  CHECK(replies(client, 1) == std::vector<std::string>{secure});
}

TEST_CASE("a client that goes away while it waits leaves nothing behind", "[policy]") {
  World world(8s);
  for (int i = 0; i < 50; ++i) {
    auto client = world.connect();
    send(client, request("unknown" + std::to_string(i) + ".example"));
    if (i % 2 == 0) std::this_thread::sleep_for(2ms);
  }
  CHECK(world.all_closed());
  auto client = world.connect();
  send(client, request("good.example"));
  CHECK(replies(client, 1) == std::vector<std::string>{secure});
}

TEST_CASE("a client that shuts down its sending side still gets its reply", "[policy]") {
  World world;
  auto client = world.connect();
  send(client, request("unknown.example") + request("good.example"));
  ::shutdown(client.get(), SHUT_WR);
  CHECK(replies(client, 2) == std::vector<std::string>{"NOTFOUND ", secure});
  CHECK(ended(client));
  CHECK(world.all_closed());
}

TEST_CASE("SM-1: anything but a netstring ends the connection, after the replies to what came before",
          "[policy]") {
  World world;
  auto client = world.connect();
  send(client, request("good.example") + "GET / HTTP/1.0\r\n\r\n");
  CHECK(replies(client, 2) == std::vector<std::string>{secure});
  CHECK(ended(client));
}

TEST_CASE("SM-14: after the thread was frozen no reply of that turn is sent, to any client", "[policy]") {
  World world;
  auto frozen = world.connect(), other = world.connect();
  send(frozen, request("good.example"));
  send(other, request("good.example"));
  CHECK(replies(frozen, 1).size() == 1);
  CHECK(replies(other, 1).size() == 1);
  send(frozen, request("frozen.example"));
  REQUIRE(soon([&] { return world.reader->stands_still.load(); }));
  send(other, request("good.example"));
  CHECK(world.all_closed());
  CHECK(replies(frozen, 1).empty());
  CHECK(replies(other, 1).empty());
  auto later = world.connect();
  send(later, request("good.example"));
  CHECK(replies(later, 1) == std::vector<std::string>{secure});
}

TEST_CASE("a request that is too long ends the connection", "[policy]") {
  World world;
  auto client = world.connect();
  send(client, "99999:postfix ");
  CHECK(ended(client));
}

TEST_CASE("draining: idle connections end at once, the others after their reply, new ones are not served",
          "[policy]") {
  World world(5s);
  auto idle = world.connect(), busy = world.connect();
  send(busy, request("unknown.example") + request("good.example"));
  REQUIRE(soon([&] { return world.waits(); }));
  world.loop.drain();
  CHECK(ended(idle));
  auto late = world.connect();
  CHECK(ended(late));
  CHECK(replies(busy, 2) == std::vector<std::string>{"NOTFOUND "});
  CHECK(world.all_closed());
}

TEST_CASE("a new connection replaces the one that was idle longest", "[policy]") {
  using enum AnswerLoop::Room;
  World world(8s);
  auto waiting = world.connect(), first = world.connect(), second = world.connect(), half = world.connect();
  send(waiting, request("unknown.example"));
  REQUIRE(soon([&] { return world.waits(); }));
  send(half, "20:postfix");
  for (auto* each : {&second, &first}) {  // the first was used last
    send(*each, request("good.example"));
    CHECK(replies(*each, 1) == std::vector<std::string>{secure});
  }
  auto newer = world.connect(none);
  CHECK(ended(second));
  send(newer, request("good.example"));
  CHECK(replies(newer, 1) == std::vector<std::string>{secure});
  auto newest = world.connect(none);
  CHECK(ended(first));
  CHECK(soon([&] { return world.loop.connections() == 4; }));
  send(newest, request("good.example"));
  CHECK(replies(newest, 1) == std::vector<std::string>{secure});
  CHECK_FALSE(world.shortages.lately(Shortage::connections));
}

TEST_CASE("if no connection is idle, the new one is closed", "[policy]") {
  World world(8s);
  auto waiting = world.connect(), half = world.connect();
  send(waiting, request("unknown.example"));
  REQUIRE(soon([&] { return world.waits(); }));
  send(half, "20:postfix");
  auto read =
      world.connect();  // handled after it in the loop's turn, so by then what was sent before has been read
  send(read, request("good.example"));
  CHECK(replies(read, 1).size() == 1);
  read = Fd();
  REQUIRE(soon([&] { return world.loop.connections() == 2; }));
  auto refused = world.connect(AnswerLoop::Room::none);
  CHECK(ended(refused));
  CHECK(world.shortages.lately(Shortage::connections));
  send(half, " good.example,");
  CHECK(replies(half, 1) == std::vector<std::string>{secure});
}

TEST_CASE("the last descriptors are for new connections, idle or not", "[policy]") {
  using enum AnswerLoop::Room;
  World world(8s);
  auto waiting = world.connect();
  send(waiting, request("unknown.example"));
  REQUIRE(soon([&] { return world.waits(); }));
  auto newer = world.connect(scarce);  // none is idle
  send(newer, request("good.example"));
  CHECK(replies(newer, 1) == std::vector<std::string>{secure});
  auto newest = world.connect(scarce);
  CHECK(ended(newer));
  send(newest, request("good.example"));
  CHECK(replies(newest, 1) == std::vector<std::string>{secure});
  world.loop.give_up_one();
  CHECK(ended(newest));
  CHECK_FALSE(world.shortages.lately(Shortage::connections));
}

TEST_CASE("half a request counts as idle after five seconds", "[policy]") {
  World world(8s);
  auto half = world.connect();
  send(half, "20:postfix");
  auto refused = [&] {
    auto client = world.connect(AnswerLoop::Room::none);
    return ended(client);
  };
  CHECK(refused());
  bool done = false;
  auto taken = [&] {
    if (done) return true;
    auto client = world.connect(AnswerLoop::Room::none);
    auto bytes = request("good.example");
    ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    done = replies(client, 1).size() == 1;
    return done;
  };
  CHECK(soon(taken));
  CHECK(ended(half));
}

TEST_CASE("a loop may end while it has connections and waits", "[policy]") {
  Fd waiting, idle;
  {
    World world(60s);
    waiting = world.connect();
    idle = world.connect();
    send(waiting, request("unknown.example"));
    REQUIRE(soon([&] { return world.waits(); }));
  }
  CHECK(ended(waiting));
  CHECK(ended(idle));
}
