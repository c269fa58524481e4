// Resumed TLS sessions, against a server that can resume them.
#include "net/https/sessions.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/net/get_bench.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

constexpr const char* other_host = "mta-sts.other.example";

// A server that counts, and a client that keeps sessions. While `breaks` is above 0 connections are closed at
// once.
struct World {
  std::mutex mutex;  // guards context
  std::shared_ptr<SSL_CTX> context;
  std::atomic<int> resumed{0}, full{0}, breaks{0};
  StreamServer server{[this](Peer& peer) { serve(peer); }};
  FetchBench bench;

  explicit World(const Identity& identity = authority().issue({.dns_names = {host, other_host}}),
                 int version = TLS1_3_VERSION)
      : context(server_context(identity, version)) {
    bench.address("127.0.0.1");
    bench.address("127.0.0.1", other_host);
    bench.settings->sessions = std::make_shared<TlsSessions>();
  }
  void serve(Peer& peer) {
    if (breaks > 0) {
      --breaks;
      return;
    }
    if (!peer.start_tls(*current())) return;
    ++(peer.resumed() ? resumed : full);
    peer.read_head();
    peer.write(sized(policy));
    peer.say_goodbye();
  }
  std::shared_ptr<SSL_CTX> current() {
    std::lock_guard lock(mutex);
    return context;
  }
  void change(const Identity& identity) {
    std::lock_guard lock(mutex);
    context = server_context(identity);
  }
  void limit(TlsSessions::Limits limits) { bench.settings->sessions = std::make_shared<TlsSessions>(limits); }
  bool fetch(const char* name = host) { return bench.fetch(server.port(), Hurry::now, name).has_value(); }
};

TEST_CASE("a session is resumed, again and again in TLS 1.3", "[net]") {
  World world;
  for (int i = 0; i < 3; ++i) CHECK(world.fetch());
  CHECK(world.full == 1);
  CHECK(world.resumed == 2);
  CHECK(world.bench.settings->sessions->size() == 1);
}

TEST_CASE("a session of TLS 1.2 is resumed", "[net]") {
  World world(good_identity(), TLS1_2_VERSION);
  for (int i = 0; i < 2; ++i) CHECK(world.fetch());
  CHECK(world.resumed == 1);
}

TEST_CASE("without a TlsSessions every handshake is a full one", "[net]") {
  World world;
  world.bench.settings->sessions = nullptr;
  for (int i = 0; i < 2; ++i) CHECK(world.fetch());
  CHECK(world.resumed == 0);
}

TEST_CASE("a session is never offered to another host name, whatever the certificate says", "[net]") {
  World world;
  CHECK(world.fetch());
  CHECK(world.fetch(other_host));
  CHECK(world.resumed == 0);
  CHECK(world.fetch(other_host));
  CHECK(world.resumed == 1);
}

TEST_CASE("a certificate that is not valid for the host leaves no session", "[net]") {
  World world(authority().issue({.dns_names = {other_host}}));
  CHECK_FALSE(world.fetch());
  CHECK_FALSE(world.fetch());
  CHECK(world.bench.settings->sessions->size() == 0);
  CHECK(world.resumed == 0);
}

std::time_t in_an_hour() { return std::time(nullptr) + 3600; }

TEST_CASE("STS-9: no session outlives a certificate of its chain", "[net]") {
  struct Row {
    const char* why;
    long leaf_ends, root_ends;
    int resumed;
  };
  auto row = GENERATE(values<Row>(
      {{"the host's own", 1800, 86400, 0}, {"the root's", 86400, 1800, 0}, {"neither", 86400, 86400, 1}}));
  INFO(row.why);
  Authority own(row.root_ends);
  World world(own.issue({.dns_names = {host}, .ends = row.leaf_ends}));
  TempFile pem(own.pem());
  world.bench.settings->tls = make_tls_context(pem.path()).value();
  CHECK(world.fetch());
  REQUIRE(world.bench.settings->sessions->size() == 1);
  // The same sessions, an hour later.
  auto later = std::make_shared<TlsSessions>(TlsSessions::Limits{.time_of_day = in_an_hour});
  later->keep(host, world.bench.settings->sessions->take(host));
  world.bench.settings->sessions = later;
  CHECK(world.fetch());
  CHECK(world.resumed == row.resumed);
}

TEST_CASE("a session's life begins with the certificate's verification, not with its last use", "[net]") {
  fake::VirtualTime virtual_time([] { return false; });
  World world;
  world.limit({.life = 1500ms});
  CHECK(world.fetch());
  CHECK(world.fetch());
  CHECK(world.resumed == 1);
  fake::VirtualTime::pass(800ms);
  CHECK(world.fetch());
  fake::VirtualTime::pass(800ms);
  CHECK(world.fetch());
  CHECK(world.full == 2);
}

TEST_CASE("the oldest session goes when they take too much", "[net]") {
  World world;
  CHECK(world.fetch());
  world.limit({.octets = world.bench.settings->sessions->octets() * 3 / 2});
  for (int i = 0; i < 2; ++i) {
    CHECK(world.fetch());
    CHECK(world.fetch(other_host));
  }
  CHECK(world.resumed == 0);
  CHECK(world.bench.settings->sessions->size() == 1);
}

TEST_CASE("what is kept of a session does not grow with the chain of certificates", "[net]") {
  std::vector<std::string> names{host};
  for (int i = 0; i < 1000; ++i) names.push_back("name" + std::to_string(i) + ".a-fat-certificate.example");
  World fat(authority().issue({.dns_names = names})), lean;
  CHECK(fat.fetch());
  CHECK(fat.fetch());
  CHECK(fat.resumed == 0);  // a certificate of 40 kB: the next handshake is a full one
  CHECK(fat.bench.settings->sessions->octets() == 0);
  CHECK(lean.fetch());
  CHECK(lean.bench.settings->sessions->octets() < 4096);
}

TEST_CASE("a session that can't be read is not offered", "[net]") {
  World world;
  world.bench.settings->sessions->keep(
      host, {"no session", {std::chrono::steady_clock::now(), 1, std::time(nullptr) + 3600}});
  CHECK(world.fetch());
  CHECK(world.full == 1);
}

TEST_CASE("a server that forgot its keys gets a full handshake", "[net]") {
  World world;
  CHECK(world.fetch());
  world.change(good_identity());
  CHECK(world.fetch());
  CHECK(world.resumed == 0);
  CHECK(world.full == 2);
}

TEST_CASE("a server whose certificate is now a stranger's is refused", "[net]") {
  World world;
  CHECK(world.fetch());
  Authority stranger;
  world.change(stranger.issue({.dns_names = {host}}));
  CHECK_FALSE(world.fetch());
  CHECK(world.bench.settings->sessions->size() == 0);
}

TEST_CASE("a handshake that fails with a session is tried once more without one", "[net]") {
  World world;
  CHECK(world.fetch());
  world.breaks = 1;
  CHECK(world.fetch());
  CHECK(world.full == 2);
  CHECK(world.resumed == 0);
  world.breaks = 2;
  CHECK_FALSE(world.fetch());
  CHECK(world.server.connections() == 5);
  world.breaks = 1;  // no session is left to blame
  CHECK_FALSE(world.fetch());
  CHECK(world.server.connections() == 6);
}

}  // namespace
}  // namespace mtasts
