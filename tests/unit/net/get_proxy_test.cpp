#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/get_bench.hpp"

namespace mtasts {
namespace {

// A proxy that says `reply` to CONNECT and then is the policy host itself.
PeerScript proxying(std::string reply, std::string* seen = nullptr) {
  return [reply = std::move(reply), seen, identity = good_identity()](Peer& peer) {
    std::string request = peer.read_head();
    if (seen != nullptr) *seen = request;
    peer.write(reply);
    if (!peer.start_tls(identity)) return;
    peer.read_head();
    peer.write(sized(policy));
    peer.say_goodbye();
  };
}

TEST_CASE("through an HTTP proxy", "[net]") {
  std::string seen;
  FetchBench bench;  // the proxy resolves the policy host's name; this Dns does not know it
  bench.settings->allow_addresses.clear();
  Fetched answer;
  {
    StreamServer proxy(proxying("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n", &seen));
    SECTION("by address") { bench.settings->proxy = ProxyAddress{"127.0.0.1", proxy.port()}; }
    SECTION("by name, special-use, which is allowed because the administrator named it") {
      bench.settings->proxy = ProxyAddress{"proxy.example", proxy.port()};
      bench.address("127.0.0.1", "proxy.example");
    }
    answer = bench.fetch(443);
  }
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
  CHECK(seen.starts_with("CONNECT mta-sts.good.example:443 HTTP/1.1\r\nHost: mta-sts.good.example:443\r\n"));
}

TEST_CASE("a proxy that gives no reason, in lines that end in LF alone", "[net]") {
  StreamServer proxy(proxying("HTTP/1.1 200\n\n"));
  FetchBench bench;
  bench.settings->proxy = ProxyAddress{"127.0.0.1", proxy.port()};
  auto answer = bench.fetch(443);
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->body == policy);
}

TEST_CASE("RFC 7617: only the proxy gets the login", "[net]") {
  std::string at_proxy, at_host;
  FetchBench bench;
  bench.settings->proxy_authorization = "Basic dXNlcjpzZWNyZXQ=";
  {
    StreamServer proxy([&, identity = good_identity()](Peer& peer) {
      at_proxy = peer.read_head();
      peer.write("HTTP/1.1 200 OK\r\n\r\n");
      if (!peer.start_tls(identity)) return;
      at_host = peer.read_head();
      peer.write(sized(policy));
      peer.say_goodbye();
    });
    bench.settings->proxy = ProxyAddress{"127.0.0.1", proxy.port()};
    auto answer = bench.fetch(443);
    if (!answer) FAIL(answer.error().detail);
  }
  CHECK(at_proxy.contains("\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
  CHECK(at_host.starts_with("GET "));
  CHECK_FALSE(at_host.contains("Authorization"));
}

TEST_CASE("a proxy that wants another login", "[net]") {
  StreamServer proxy([](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  FetchBench bench;
  bench.settings->proxy = ProxyAddress{"127.0.0.1", proxy.port()};
  auto none = bench.fetch(443);
  REQUIRE(!none);
  CHECK(none.error().detail.ends_with("set [https] proxy_credentials_file"));
  bench.settings->proxy_authorization = "Basic dXNlcjpzZWNyZXQ=";
  auto wrong = bench.fetch(443);
  REQUIRE(!wrong);
  CHECK(wrong.error().detail.ends_with("does not accept the login in [https] proxy_credentials_file"));
  CHECK_FALSE(wrong.error().detail.contains("dXNlcj"));
}

TEST_CASE("a proxy that does not open the tunnel", "[net]") {
  struct Row {
    const char* why;
    std::string reply;
    const char* words;
  };
  auto row = GENERATE(values<Row>({
      {"refuses", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403 Forbidden"},
      {"wants a login", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"},
      {"a hostile reason", "HTTP/1.1 500 \x1b[31mred\r\n\r\n", ""},
      {"no HTTP", "SSH-2.0-x\r\n\r\n", "it begins \"SSH-2.0-x\""},
      {"says more than it should", "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01", "more than its answer"},
      {"a flood of headers", "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "16 KiB"},
  }));
  INFO(row.why);
  StreamServer proxy([&row](Peer& peer) {
    peer.read_head();
    peer.write(row.reply);
  });
  FetchBench bench;
  bench.settings->proxy = ProxyAddress{"127.0.0.1", proxy.port()};
  auto answer = bench.fetch(443);
  REQUIRE(!answer);
  INFO(answer.error().detail);
  CHECK(answer.error().step == FetchStep::proxy);
  CHECK(answer.error().detail.contains(row.words));
  CHECK(answer.error().detail.find('\x1b') == std::string::npos);
}

TEST_CASE("a proxy that can't be reached or found", "[net]") {
  FetchBench bench;
  SECTION("refused") { bench.settings->proxy = ProxyAddress{"127.0.0.2", 1}; }
  SECTION("no such name") { bench.settings->proxy = ProxyAddress{"proxy.example", 3128}; }
  auto answer = bench.fetch(443);
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::proxy);
}

}  // namespace
}  // namespace mtasts
