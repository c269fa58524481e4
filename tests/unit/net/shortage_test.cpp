// Failures because this process has no descriptor left.
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <thread>

#include "net/dns/unbound_dns.hpp"
#include "sys/local_shortage.hpp"
#include "tests/unit/net/dns_server.hpp"
#include "tests/unit/net/get_bench.hpp"

// Defined in a build with UBSan. UBSan checks a virtual call by reading memory through a pipe; without a
// descriptor it takes a good object for a bad one.
extern "C" [[gnu::weak]] void __ubsan_handle_dynamic_type_cache_miss();

namespace mtasts {
namespace {

using namespace std::chrono_literals;

// No descriptor can be made while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    int next = ::dup(STDERR_FILENO);
    ::close(next);
    rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

void end_in(boost::asio::io_context& loop, std::optional<NoDescriptors>& shortage,
            std::chrono::milliseconds time) {
  auto timer = std::make_shared<boost::asio::steady_timer>(loop, time);
  timer->async_wait([timer, &shortage](boost::system::error_code) { shortage.reset(); });
}

struct DnsBench {
  DnsServer server{[](const DnsQuestion& q) {
    DnsReply reply;
    reply.answer.push_back({q.name, 16, dns_strings({"here"})});
    return reply;
  }};
  boost::asio::io_context loop{1};
  std::unique_ptr<Dns> dns;

  DnsBench() {
    UnboundOptions options;
    options.forward = {server.forward()};
    dns = make_unbound_dns(loop, options).value();
    CHECK(ask("first.example").kind == DnsAnswer::Kind::data);
  }
  DnsAnswer ask(std::string name) { return run(loop, dns->ask(std::move(name), RrType::txt)); }
};

}  // namespace

TEST_CASE("which errors say that this host lacks something", "[shortage]") {
  for (int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL}) CHECK(is_local_shortage(error));
  for (int error : {0, ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, EACCES, ECONNRESET})
    CHECK_FALSE(is_local_shortage(error));
}

TEST_CASE("a host without IPv6 lacks nothing", "[shortage]") {
  const Address v6 = *parse_address("2001:db8::80"), v4 = *parse_address("192.0.2.80");
  bool alone = false, without = true, v4_without = false, with = false;
  std::thread([&] {  // only this thread changes its network namespace
    alone = ::unshare(CLONE_NEWNET) == 0;
    if (!alone) return;
    without = is_local_shortage(EADDRNOTAVAIL, v6);
    v4_without = is_local_shortage(EADDRNOTAVAIL, v4);
    alone = std::system("ip link set lo up && ip address add 2001:db8::1/128 dev lo") == 0;
    with = is_local_shortage(EADDRNOTAVAIL, v6);
  })
      .join();
  if (!alone) SKIP("needs root and the command ip");
  CHECK_FALSE(without);
  CHECK(v4_without);
  CHECK(with);
  CHECK(is_local_shortage(EMFILE, v6));
}

TEST_CASE("a DNS question without a descriptor fails as this host's own fault", "[shortage]") {
  DnsBench bench;
  std::optional<NoDescriptors> shortage(std::in_place);
  auto answer = bench.ask("second.example");
  shortage.reset();
  CHECK(answer.kind == DnsAnswer::Kind::failed);
  CHECK(answer.local);
  CHECK(answer.reason.contains("descriptor"));
}

TEST_CASE("what libunbound still remembers of a shortage is the host's own fault too", "[shortage]") {
  DnsBench bench;
  std::optional<NoDescriptors> shortage(std::in_place);
  CHECK(bench.ask("third.example").local);
  shortage.reset();
  CHECK(bench.ask("fourth.example").kind == DnsAnswer::Kind::data);
  auto again = bench.ask("third.example");
  CHECK((again.local || again.kind == DnsAnswer::Kind::data));
}

TEST_CASE("a fetch without a descriptor fails as this host's own fault", "[shortage]") {
  if (&__ubsan_handle_dynamic_type_cache_miss != nullptr) SKIP("UBSan needs descriptors");
  StreamServer server(answering(sized(policy)));
  FetchBench bench;
  boost::asio::steady_timer first_timer(bench.loop);  // makes the loop's own descriptors
  bench.address("127.0.0.1");
  std::optional<NoDescriptors> shortage(std::in_place);
  auto answer = bench.fetch(server.port());
  shortage.reset();
  REQUIRE(!answer);
  CHECK(answer.error().local);
  CHECK(answer.error().detail.contains("Too many open files"));
  CHECK(server.connections() == 0);
}

TEST_CASE("a fetch with many addresses waits no longer for a descriptor than a fetch with one address",
          "[shortage]") {
  if (&__ubsan_handle_dynamic_type_cache_miss != nullptr) SKIP("UBSan needs descriptors");
  FetchBench bench;
  boost::asio::steady_timer first_timer(bench.loop);  // makes the loop's own descriptors
  for (int i = 1; i <= 8; ++i) bench.address(("127.0.0." + std::to_string(i)).c_str());
  std::optional<NoDescriptors> shortage(std::in_place);
  auto began = std::chrono::steady_clock::now();
  auto answer = bench.fetch(443);
  auto took = std::chrono::steady_clock::now() - began;
  shortage.reset();
  REQUIRE(!answer);
  CHECK(answer.error().local);
  CHECK(took < 3 * shortage_patience);
}

TEST_CASE("a fetch goes on once there is a descriptor", "[shortage]") {
  if (&__ubsan_handle_dynamic_type_cache_miss != nullptr) SKIP("UBSan needs descriptors");
  StreamServer server(answering(sized(policy)));
  FetchBench bench;
  boost::asio::steady_timer first_timer(bench.loop);  // makes the loop's own descriptors
  bench.address("127.0.0.1");
  std::optional<NoDescriptors> shortage(std::in_place);
  end_in(bench.loop, shortage, 300ms);
  auto answer = bench.fetch(server.port());
  REQUIRE(answer);
  CHECK(answer->body == policy);
}

}  // namespace mtasts
