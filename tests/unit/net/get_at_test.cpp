// One address of a policy host, and what is seen there.
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/sts_policy.hpp"
#include "net/https/https_fetch.hpp"
#include "tests/unit/net/get_bench.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

PolicyHostAnswer ask(FetchBench& bench, std::uint16_t port, const char* address = "127.0.0.1") {
  Url url{host, port, "/.well-known/mta-sts.txt"};
  return run(bench.loop, get_at(bench.settings, url, parse_address(address).value()));
}

PolicyHostAnswer ask(PeerScript script) {
  StreamServer server(std::move(script));
  FetchBench bench;
  return ask(bench, server.port());
}

std::string der_of(const Identity& identity) {
  std::string der(static_cast<std::size_t>(i2d_X509(identity.certificate.get(), nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(identity.certificate.get(), &at);
  return der;
}

PeerScript presenting(const Identity& identity) {
  return [identity](Peer& peer) {
    if (!peer.start_tls(identity)) return;
    peer.read_head();
    peer.write(sized(policy));
    peer.say_goodbye();
  };
}

// With so many certificates behind its own, each of more than 5 KiB.
PeerScript presenting_more(const Identity& identity, int more) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::string(50, 'x') + std::to_string(i) + ".example");
  auto extra = authority().issue({.dns_names = names});
  return [identity, extra, more](Peer& peer) {
    auto context = server_context(identity);
    for (int i = 0; i < more; ++i) SSL_CTX_add1_chain_cert(context.get(), extra.certificate.get());
    if (!peer.start_tls(*context)) return;
    peer.read_head();
    peer.write(sized(policy));
    peer.say_goodbye();
  };
}

TEST_CASE("a policy host is asked at one address", "[net]") {
  auto identity = good_identity();
  StreamServer first(presenting(identity));
  StreamServer second(answering(sized("another")), "127.0.0.2", first.port());
  FetchBench bench;
  auto answer = ask(bench, first.port());
  if (!answer.answer) FAIL(answer.answer.error().detail);
  CHECK(answer.answer->body == policy);
  CHECK(answer.answer->content_type == "text/plain");
  CHECK(answer.asked);
  CHECK_FALSE(answer.timed_out);
  CHECK(answer.seen.chain == std::vector{der_of(identity)});
  CHECK_FALSE(answer.seen.chain_cut);
  CHECK(answer.seen.untrusted == 0);
  CHECK(answer.seen.tls == TlsTrouble::none);
  CHECK(answer.seen.status == 200);
  CHECK(first.connections() == 1);
  CHECK(second.connections() == 0);
  CHECK(ask(bench, first.port(), "127.0.0.2").answer->body == "another");
  CHECK(bench.dns.asked == 0);
}

TEST_CASE("the chain is noted whether it is trusted or not", "[net]") {
  static const Authority stranger;
  struct Row {
    const char* why;
    Identity identity;
    int error;
    const char* words;
  };
  auto row = GENERATE(values<Row>({
      {"wrong name", authority().issue({.dns_names = {"www.example"}}), X509_V_ERR_HOSTNAME_MISMATCH,
       "hostname mismatch"},
      {"expired", authority().issue({.dns_names = {host}, .begins = -7200, .ends = -3600}),
       X509_V_ERR_CERT_HAS_EXPIRED, "certificate has expired"},
      {"self-signed", authority().issue({.dns_names = {host}, .self_signed = true}),
       X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed certificate"},
      {"unknown authority", stranger.issue({.dns_names = {host}}),
       X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unable to get local issuer certificate"},
  }));
  INFO(row.why);
  auto answer = ask(presenting(row.identity));
  REQUIRE(!answer.answer);
  CHECK(answer.answer.error().step == FetchStep::tls);
  CHECK(answer.seen.tls == TlsTrouble::certificate);
  CHECK(answer.seen.chain == std::vector{der_of(row.identity)});
  CHECK(answer.seen.untrusted == row.error);
  CHECK(answer.seen.untrusted_depth == 0);
  CHECK(answer.seen.untrusted_words == row.words);
}

TEST_CASE("a chain of more than 16 KiB is cut at its end, and marked", "[net]") {
  auto identity = good_identity();
  auto two = ask(presenting_more(identity, 2)), three = ask(presenting_more(identity, 3));
  for (const auto& answer : {two, three}) {
    CHECK(answer.answer.has_value());
    REQUIRE(answer.seen.chain.size() == 3);
    CHECK(answer.seen.chain[0] == der_of(identity));
    CHECK(answer.seen.chain[1].size() > 5 * 1024);
  }
  CHECK_FALSE(two.seen.chain_cut);
  CHECK(three.seen.chain_cut);
}

TEST_CASE("nothing is resumed, so the chain is always presented", "[net]") {
  std::atomic<int> resumed = 0;
  auto context = server_context(good_identity());
  StreamServer server([&](Peer& peer) {
    if (!peer.start_tls(*context)) return;
    resumed += peer.resumed() ? 1 : 0;
    peer.read_head();
    peer.write(sized(policy));
    peer.say_goodbye();
  });
  FetchBench bench;
  bench.address("127.0.0.1");
  bench.settings->sessions = std::make_shared<TlsSessions>();
  REQUIRE(bench.fetch(server.port()));
  CHECK(bench.settings->sessions->size() == 1);
  auto answer = ask(bench, server.port());
  CHECK(answer.answer.has_value());
  CHECK(answer.seen.chain.size() == 1);
  CHECK(resumed == 0);
  CHECK(bench.settings->sessions->size() == 1);
}

TEST_CASE("what is seen of an HTTP answer", "[net]") {
  struct Row {
    const char* why;
    std::string text;
    bool good;
    PolicyHostSeen seen;
  };
  std::string long_place(3000, 'x');
  auto row = GENERATE_COPY(values<Row>({
      {"a redirect is not followed",
       "HTTP/1.1 301 Moved\r\nLocation: https://www.good.example/\r\nContent-Length: 0\r\n\r\n",
       true,
       {.status = 301, .location = "https://www.good.example/"}},
      {"a long Location is cut",
       "HTTP/1.1 302 Found\r\nLocation: " + long_place + "\r\n\r\n",
       true,
       {.status = 302, .location = std::string(max_header_octets, 'x')}},
      {"a Location without a redirect",
       "HTTP/1.1 404 Not Found\r\nLocation: /x\r\n\r\n",
       true,
       {.status = 404}},
      {"compressed",
       ok("Content-Encoding: gzip\r\nContent-Length: 3\r\n", "\x1f\x8b\x08"),
       false,
       {.status = 200, .content_encoding = "gzip"}},
      {"not compressed",
       ok("Content-Encoding: Identity\r\nContent-Length: 1\r\n", "x"),
       true,
       {.status = 200}},
      {"shorter than its length",
       ok("Content-Length: 100\r\n", "short"),
       false,
       {.status = 200, .cut_short = true}},
      {"chunks without an end",
       ok("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"),
       false,
       {.status = 200, .cut_short = true}},
      {"too large by its length",
       sized(std::string(max_policy_bytes + 1, 'x')),
       false,
       {.status = 200, .too_large = true}},
      {"too large without a length",
       ok("", std::string(max_policy_bytes + 1, 'x')),
       false,
       {.status = 200, .too_large = true}},
      {"an error page may be large",
       "HTTP/1.1 404 Not Found\r\nContent-Length: 99999999\r\n\r\n",
       true,
       {.status = 404}},
      {"no HTTP", "hello\r\n\r\n", false, {}},
  }));
  INFO(row.why);
  auto answer = ask(answering(row.text));
  CHECK(answer.answer.has_value() == row.good);
  answer.seen.chain.clear();
  CHECK(answer.seen == row.seen);
}

TEST_CASE("how TLS failed", "[net]") {
  struct Row {
    const char* why;
    PeerScript script;
    TlsTrouble trouble;
  };
  auto row = GENERATE(values<Row>({
      {"plain HTTP",
       [](Peer& peer) {
         peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
         peer.wait(200ms);
       },
       TlsTrouble::not_tls},
      {"TLS 1.1 at most", [id = good_identity()](Peer& peer) { peer.start_tls(id, TLS1_1_VERSION); },
       TlsTrouble::old_version},
      {"closes at once", [](Peer&) {}, TlsTrouble::other},
  }));
  INFO(row.why);
  auto answer = ask(row.script);
  REQUIRE(!answer.answer);
  CHECK(answer.answer.error().step == FetchStep::tls);
  CHECK(answer.seen.tls == row.trouble);
  CHECK(answer.seen.chain.empty());
  CHECK(answer.asked);
}

TEST_CASE("one address ends in time, and names the step that it did not end", "[net]") {
  StreamServer server([identity = good_identity()](Peer& peer) {
    peer.start_tls(identity);
    peer.wait(600s);
  });
  fake::VirtualTime virtual_time([&server] { return server.waiting(); });
  FetchBench bench;
  bench.settings->timeout = 500ms;
  auto begin = std::chrono::steady_clock::now();
  auto answer = ask(bench, server.port());
  CHECK(std::chrono::steady_clock::now() - begin == 500ms);
  REQUIRE(!answer.answer);
  CHECK(answer.answer.error().step == FetchStep::response);
  CHECK(answer.timed_out);
  CHECK(answer.seen.chain.size() == 1);
}

TEST_CASE("nobody listens there", "[net]") {
  std::uint16_t port = 0;
  {
    StreamServer gone(answering(""));
    port = gone.port();
  }
  FetchBench bench;
  auto answer = ask(bench, port);
  REQUIRE(!answer.answer);
  CHECK(answer.answer.error().step == FetchStep::connect);
  CHECK(answer.answer.error().detail == "Connection refused");
  CHECK(answer.asked);
  CHECK_FALSE(answer.timed_out);
}

TEST_CASE("an address that is not asked", "[net]") {
  StreamServer server(answering(sized(policy)));
  FetchBench bench;
  const char* words = "127.0.0.1 is special-use";
  FetchStep step = FetchStep::address;
  SECTION("special-use") { bench.settings->allow_addresses.clear(); }
  SECTION("behind a proxy") {
    bench.settings->proxy = ProxyAddress{"127.0.0.1", server.port()};
    words = "through a proxy";
    step = FetchStep::proxy;
  }
  auto answer = ask(bench, server.port());
  REQUIRE(!answer.answer);
  CHECK_FALSE(answer.asked);
  CHECK(answer.answer.error().step == step);
  CHECK(answer.answer.error().detail.contains(words));
  CHECK(server.connections() == 0);
}

TEST_CASE("the Fetch port asks mta-sts.<domain> at one address", "[net]") {
  boost::asio::io_context loop{1};
  FixedDns dns;
  auto fetch = make_https_fetch(loop, {});
  REQUIRE(fetch);
  auto ask_for = [&](const std::string& domain) {
    auto request = PolicyRequest{DomainName::parse(domain).value(), dns};
    return run(loop, (*fetch)->get_policy_at(std::move(request), parse_address("::1").value()));
  };
  CHECK(ask_for("example.com").answer.error().detail.starts_with("::1 is special-use"));
  std::string label(60, 'x'), longest = label + "." + label + "." + label + "." + label + ".example";
  auto answer = ask_for(longest);
  CHECK_FALSE(answer.asked);
  CHECK(answer.answer.error().detail.contains("longer than a host name can be"));
}

}  // namespace
}  // namespace mtasts
