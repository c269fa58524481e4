// exchange - one GET over one address: TCP, a proxy's CONNECT, TLS, HTTP/1.1. The only user of Boost.Beast.
// Without TLS only if the job says so.
//
// Limits:
// - the body: max_policy_bytes after chunked decoding (STS-13)
// - headers: 16 KiB
// - all of HTTP: 256 KiB, so that chunk extensions and interim answers can't go on without end
// - all that comes over a connection: 384 KiB, TLS and certificates included (net/https/metered.hpp)
//
// Refused: a content coding; a transfer coding other than chunked; a body that ends before its length, or
// without TLS's close_notify, because a cut connection must not pass for a short policy. Interim (1xx)
// answers are skipped.
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
  bool plain = false;                 // HTTP without TLS
  bool through_proxy = false;         // dial is a proxy: CONNECT host:port first
  std::string proxy_authorization{};  // for the proxy alone, a secret; empty: none
  std::chrono::steady_clock::time_point connect_by;
  std::chrono::steady_clock::time_point done_by;
  PolicyHostSeen* seen = nullptr;  // outlives the exchange, which writes to it; nullptr: nobody wants to know
};

struct ExchangeError {
  FetchStep step;  // the one that failed, never deadline
  std::string detail;
  bool timed_out = false;
  bool local = false;  // this host lacked something: a descriptor, memory, a local address or port
};

// Makes the exchange. If the handshake fails after a session was offered, tries once more without a session,
// within the same time.
boost::asio::awaitable<std::expected<HttpAnswer, ExchangeError>> exchange(ExchangeJob job);

}  // namespace mtasts
