// get_bench - a policy host to fetch from, and the words it may say. Shared by the tests of get().
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "net/https/get.hpp"
#include "tests/unit/net/certificates.hpp"
#include "tests/unit/net/fixed_dns.hpp"
#include "tests/unit/net/https_server.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/net/temp_file.hpp"

namespace mtasts {

using Fetched = std::expected<HttpAnswer, FetchError>;

inline constexpr const char* host = "mta-sts.good.example";
inline constexpr std::string_view policy =
    "version: STSv1\nmode: enforce\nmx: mx.good.example\nmax_age: 86400\n";

inline const Authority& authority() {
  static const Authority one;
  return one;
}

inline SslCtx tls_context() {
  static const SslCtx one = [] {
    TempFile pem(authority().pem());
    return make_tls_context(pem.path()).value();
  }();
  return one;
}

inline Identity good_identity() { return authority().issue({.dns_names = {host}}); }

struct FetchBench {
  FetchBench() {
    settings->tls = tls_context();
    settings->timeout = std::chrono::seconds(60);
    settings->allow_addresses.push_back(parse_cidr("127.0.0.0/8").value());
  }
  void address(const char* text, const char* name = host) {
    dns.add_address(name, parse_address(text).value());
  }
  Fetched fetch(std::uint16_t port, Hurry hurry = Hurry::now, const char* name = host) {
    Url url{name, port, "/.well-known/mta-sts.txt"};
    return run(loop, get(dns, settings, {url, nullptr, hurry}));
  }

  boost::asio::io_context loop{1};
  FixedDns dns;
  std::shared_ptr<GetSettings> settings = std::make_shared<GetSettings>();
};

// TLS with a good certificate, the request read, this written, TLS closed properly.
inline PeerScript answering(std::string text) {
  return [text = std::move(text), identity = good_identity()](Peer& peer) {
    if (!peer.start_tls(identity)) return;
    peer.read_head();
    peer.write(text);
    peer.say_goodbye();
  };
}

inline Fetched fetch_from(PeerScript script) {
  StreamServer server(std::move(script));
  FetchBench bench;
  bench.address("127.0.0.1");
  return bench.fetch(server.port());
}

inline std::string ok(std::string_view headers, std::string_view body) {
  return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

inline std::string sized(std::string_view body) {
  return ok("Content-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n", body);
}

}  // namespace mtasts
