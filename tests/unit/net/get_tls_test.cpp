#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/get_bench.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

TEST_CASE("STS-9, STS-10: certificates", "[net]") {
  struct Row {
    const char* why;
    Wish wish;
    const char* words;  // nullptr: good
  };
  auto row = GENERATE(values<Row>({
      {"its name", {.dns_names = {host}}, nullptr},
      {"among others", {.dns_names = {"other.example", host}}, nullptr},
      {"in other case", {.dns_names = {"MTA-STS.Good.Example"}}, nullptr},
      {"wildcard as the left-most label", {.dns_names = {"*.good.example"}}, nullptr},
      {"wrong name", {.dns_names = {"www.good.example"}}, "names are www.good.example"},
      {"the domain alone", {.dns_names = {"good.example"}}, "names are good.example"},
      {"common name only", {.dns_names = {}, .common_name = host}, "no DNS name"},
      {"common name beside another DNS-ID",
       {.dns_names = {"x.example"}, .common_name = host},
       "names are x.example"},
      {"wildcard two labels up", {.dns_names = {"*.example"}}, "names are *.example"},
      {"partial wildcard", {.dns_names = {"mta-*.good.example"}}, "names are mta-*.good.example"},
      {"partial wildcard in front", {.dns_names = {"*-sts.good.example"}}, "mismatch"},
      {"wildcard inside", {.dns_names = {"mta-sts.*.example"}}, "mismatch"},
      {"bare wildcard", {.dns_names = {"*"}}, "mismatch"},
      {"expired",
       {.dns_names = {host}, .begins = -7200, .ends = -3600},
       "certificate has expired (depth 0); it expired on "},
      {"not yet valid",
       {.dns_names = {host}, .begins = 3600, .ends = 7200},
       "not yet valid (depth 0); it is valid from "},
      {"self-signed", {.dns_names = {host}, .self_signed = true}, "self-signed certificate"},
  }));
  INFO(row.why);
  auto answer = fetch_from([identity = authority().issue(row.wish)](Peer& peer) {
    if (!peer.start_tls(identity)) return;
    peer.read_head();
    peer.write(sized(policy));
    peer.say_goodbye();
  });
  REQUIRE(answer.has_value() == (row.words == nullptr));
  if (answer) return;
  INFO(answer.error().detail);
  CHECK(answer.error().step == FetchStep::tls);
  CHECK(answer.error().detail.contains("certificate verify failed: "));
  CHECK(answer.error().detail.contains(row.words));
}

TEST_CASE("a hostile name in a certificate is escaped", "[net]") {
  auto answer = fetch_from([identity = authority().issue({.dns_names = {"a\x1b[31m.example"}})](Peer& peer) {
    peer.start_tls(identity);
  });
  REQUIRE(!answer);
  CHECK(answer.error().detail.find('\x1b') == std::string::npos);
  CHECK(answer.error().detail.contains("names are a\\x"));
}

TEST_CASE("an authority that is not ours", "[net]") {
  Authority stranger;
  auto answer = fetch_from(
      [identity = stranger.issue({.dns_names = {host}})](Peer& peer) { peer.start_tls(identity); });
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::tls);
  CHECK(answer.error().detail.contains("unable to get local issuer certificate"));
}

// A server that accepts only HTTP/2 (RFC 7301 §3.2).
int only_http2(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
               unsigned offered_size, void*) {
  static constexpr unsigned char http2[] = {2, 'h', '2'};
  auto* found = const_cast<unsigned char**>(chosen);
  int result = SSL_select_next_proto(found, size, http2, sizeof http2, offered, offered_size);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

TEST_CASE("handshakes that fail, in plain words and OpenSSL's own", "[net]") {
  struct Row {
    const char* why;
    PeerScript script;
    const char* words;
  };
  auto row = GENERATE(values<Row>({
      {"STS-15: TLS 1.1 at most", [id = good_identity()](Peer& peer) { peer.start_tls(id, TLS1_1_VERSION); },
       "the server offers no TLS 1.2 or later"},
      {"HTTP/2 alone",
       [id = good_identity()](Peer& peer) {
         auto context = server_context(id);
         SSL_CTX_set_alpn_select_cb(context.get(), only_http2, nullptr);
         peer.start_tls(*context);
       },
       "does not speak HTTP/1.1, perhaps only HTTP/2"},
      {"no TLS at all",
       [](Peer& peer) {
         peer.write("220 hello\r\n");
         peer.wait(200ms);
       },
       "the server does not speak TLS on this port (wrong version number)"},
      {"closes at once", [](Peer&) {}, "127.0.0.1: "},
  }));
  INFO(row.why);
  auto answer = fetch_from(row.script);
  REQUIRE(!answer);
  INFO(answer.error().detail);
  CHECK(answer.error().step == FetchStep::tls);
  CHECK(answer.error().detail.contains(row.words));
}

TEST_CASE("what a server sends below HTTP is limited too", "[net]") {
  struct Row {
    const char* why;
    bool (Peer::*send)();
  };
  auto row = GENERATE(values<Row>({{"tickets", &Peer::send_ticket}, {"key updates", &Peer::update_keys}}));
  INFO(row.why);
  std::atomic<bool> cut = false;
  StreamServer server([&, id = good_identity()](Peer& peer) {
    if (!peer.start_tls(id)) return;
    peer.read_head();
    while (!peer.stopping() && !cut) cut = !(peer.*row.send)();
  });
  FetchBench bench;
  bench.address("127.0.0.1");
  bench.settings->sessions = std::make_shared<TlsSessions>();
  auto answer = bench.fetch(server.port());
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::response);
  CHECK(answer.error().detail.contains("the server sent more than 384 KiB, TLS included"));
  CHECK(bench.settings->sessions->size() <= 1);
}

}  // namespace
}  // namespace mtasts
