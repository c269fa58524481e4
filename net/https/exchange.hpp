// exchange - one GET over one address: TCP, a proxy's CONNECT, TLS, HTTP/1.1. The only user of Boost.Beast.
//
// Limits: the body max_policy_bytes after chunked decoding (STS-13); headers 16 KiB; 256 KiB of HTTP in all,
// so that neither chunk extensions nor interim answers can stretch it; 384 KiB from a connection, TLS and
// certificates included (net/https/metered.hpp). Refused: a content coding, a transfer coding but chunked, a
// body that ends before its length or without TLS's close_notify: a cut connection must not pass for a short
// policy. Interim (1xx) answers are passed over.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <optional>
#include <string>

#include "core/address.hpp"
#include "net/https/sessions.hpp"
#include "net/https/tls.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

struct ExchangeJob {
  SslCtx tls;
  std::shared_ptr<TlsSessions> sessions{};  // of the same context; nullptr: every handshake is a full one
  std::string host;                         // of the URL, for SNI, certificate and Host
  std::uint16_t port = 443;
  std::string path;
  Address dial;  // already judged
  std::uint16_t dial_port = 443;
  bool through_proxy = false;         // dial is a proxy: CONNECT host:port first
  std::string proxy_authorization{};  // for the proxy alone, a secret; empty: none
  std::chrono::steady_clock::time_point connect_by;
  std::chrono::steady_clock::time_point done_by;
};

struct ExchangeError {
  FetchStep step;  // the one it was in, never deadline
  std::string detail;
  bool timed_out = false;
  bool local = false;  // this host lacked something: a descriptor, memory, a local address or port
};

// A handshake that fails with a session offered is tried once more without, in the same time.
boost::asio::awaitable<std::expected<HttpAnswer, ExchangeError>> exchange(ExchangeJob job);

}  // namespace mtasts
