#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <stdexcept>

#include "core/sts_policy.hpp"
#include "tests/unit/net/get_bench.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

TEST_CASE("every address is tried", "[net]") {
  StreamServer server(answering(sized(policy)));
  FetchBench bench;
  SECTION("the first refuses") { bench.address("127.0.0.2"); }
  SECTION("several refuse") {
    for (const char* dead : {"127.0.0.2", "127.0.0.3", "127.0.0.4"}) bench.address(dead);
  }
  SECTION("there is no route to the first") {
    bench.address("::ffff:0:1");
    bench.settings->allow_addresses.push_back(parse_cidr("::/0").value());
  }
  SECTION("the first may not be dialled") { bench.address("10.0.0.1"); }
  bench.address("127.0.0.1");
  auto answer = bench.fetch(server.port());
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
}

TEST_CASE("IPv6", "[net]") {
  std::unique_ptr<StreamServer> server;
  try {
    server = std::make_unique<StreamServer>(answering(sized(policy)), "::1");
  } catch (const std::runtime_error& error) {
    SKIP(error.what());  // no IPv6 on this machine
  }
  FetchBench bench;
  bench.address("::1");
  bench.settings->allow_addresses.push_back(parse_cidr("::1").value());
  auto answer = bench.fetch(server->port());
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
}

TEST_CASE("RFC 6147 §5.5: the address that a DNS64 made up is the last resort", "[net]") {
  std::unique_ptr<StreamServer> server;
  try {
    server = std::make_unique<StreamServer>(answering(sized(policy)), "::1");
  } catch (const std::runtime_error& error) {
    SKIP(error.what());  // no IPv6 on this machine
  }
  FetchBench bench;
  bench.address("127.0.0.2");  // where nobody listens
  bench.address("::1");
  DnsAnswer& made_up = bench.dns.answers[{host, RrType::aaaa}];
  made_up.kind = DnsAnswer::Kind::failed;
  made_up.security = DnsAnswer::Security::bogus;
  SECTION("judged like every other") {
    auto answer = bench.fetch(server->port());
    REQUIRE(!answer);
    CHECK(answer.error().detail.starts_with("127.0.0.2: "));
  }
  bench.settings->allow_addresses.push_back(parse_cidr("::1").value());
  auto answer = bench.fetch(server->port());
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
}

TEST_CASE("a bad address does not end the fetch: the next is tried", "[net]") {
  StreamServer good(answering(sized(policy)));
  struct Row {
    const char* why;
    PeerScript script;
  };
  auto row = GENERATE(values<Row>({
      {"wrong certificate",
       [id = authority().issue({.dns_names = {"x.example"}})](Peer& peer) { peer.start_tls(id); }},
      {"broken HTTP", answering("garbage\r\n\r\n")},
      {"too large", answering(sized(std::string(max_policy_bytes + 1, 'x')))},
      {"accepts and hangs", [](Peer& peer) { peer.wait(600s); }},
  }));
  INFO(row.why);
  StreamServer bad(row.script, "127.0.0.2", good.port());
  const auto begin = steady_clock::now();
  // Until the first address has had its share.
  fake::VirtualTime virtual_time([&] { return bad.waiting() && steady_clock::now() - begin < 1s; });
  FetchBench bench;
  bench.address("127.0.0.2");
  bench.address("127.0.0.1");
  bench.settings->timeout = 2000ms;
  auto answer = bench.fetch(good.port());
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
  CHECK(bad.connections() == 1);
}

// Listens, but the queue of connections is full, so that further ones get no answer.
class DeafListener {
 public:
  DeafListener(const char* address, std::uint16_t port) {
    where_.sin_family = AF_INET;
    where_.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &where_.sin_addr);
    for (int& descriptor : sockets_) descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    auto* name = reinterpret_cast<sockaddr*>(&where_);
    REQUIRE(::bind(sockets_[0], name, sizeof where_) == 0);
    REQUIRE(::listen(sockets_[0], 0) == 0);
    for (std::size_t i = 1; i < sockets_.size(); ++i)
      static_cast<void>(::connect(sockets_[i], name, sizeof where_));
  }
  ~DeafListener() {
    for (int descriptor : sockets_) ::close(descriptor);
  }
  DeafListener(const DeafListener&) = delete;
  DeafListener& operator=(const DeafListener&) = delete;

 private:
  sockaddr_in where_{};
  std::array<int, 4> sockets_{};
};

TEST_CASE("an address that swallows connections costs its share, not the deadline", "[net]") {
  StreamServer server(answering(sized(policy)));
  DeafListener deaf("127.0.0.2", server.port());
  fake::VirtualTime virtual_time([begin = steady_clock::now()] { return steady_clock::now() - begin < 1s; });
  FetchBench bench;
  bench.address("127.0.0.2");
  bench.address("127.0.0.1");
  bench.settings->timeout = 2000ms;
  auto begin = steady_clock::now();
  auto answer = bench.fetch(server.port());
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
  CHECK(steady_clock::now() - begin == 1s);
}

TEST_CASE("the failure that came farthest is reported, and then the others", "[net]") {
  StreamServer server(
      [id = authority().issue({.dns_names = {"x.example"}})](Peer& peer) { peer.start_tls(id); });
  FetchBench bench;
  bench.address("127.0.0.2");
  bench.address("127.0.0.1");
  auto answer = bench.fetch(server.port());
  REQUIRE(!answer);
  INFO(answer.error().detail);
  CHECK(answer.error().step == FetchStep::tls);
  CHECK(answer.error().detail.starts_with("127.0.0.1: certificate verify failed: "));
  CHECK(answer.error().detail.contains("; 127.0.0.2: Connection refused"));
}

TEST_CASE("STS-16: special-use addresses are not dialled", "[net]") {
  StreamServer server(answering(sized(policy)));
  FetchBench bench;
  bench.address("127.0.0.1");
  bench.settings->allow_addresses.clear();
  auto answer = bench.fetch(server.port());
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::address);
  CHECK(answer.error().detail.starts_with("127.0.0.1 is special-use (loopback"));
  CHECK(server.connections() == 0);
}

TEST_CASE("no address", "[net]") {
  FetchBench bench;
  auto answer = bench.fetch(443);
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::address);
  CHECK(answer.error().detail == "mta-sts.good.example does not exist (NXDOMAIN)");
}

}  // namespace
}  // namespace mtasts
