// sessions - TLS sessions of policy hosts, so that the next fetch from the same host name can resume one.
//
// A resumed handshake verifies no certificate. So a session is kept only after a handshake that verified one,
// and offered again only to the same host name, within a day of that verification (of the full handshake,
// however often it was resumed since), and while every certificate of the verified chain is within its time.
// Each is used once (RFC 8446 C.4). In memory only; with the context, a reload drops them all: its CA
// certificates may be others. Resolve thread only.
//
// A session is kept in its encoded form, which is as large as the host's own certificate and its ticket:
// OpenSSL's objects take nine times as much and hold the whole chain that the host has sent. All of them are
// bounded by octets, because a stranger chooses how large a certificate is.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/https/tls.hpp"

namespace mtasts {

// A chain was verified at this moment, and all of its certificates are within their time from `begin` to
// `end`, exclusively. end 0: none was.
struct Verification {
  std::chrono::steady_clock::time_point at{};
  std::time_t begin = 0, end = 0;
};

class TlsSessions {
 public:
  struct Limits {
    std::size_t octets = std::size_t{8} << 20;  // of all sessions, encoded; beyond, the oldest go
    std::size_t octets_each = 16 * 1024;        // a larger one is not kept
    std::chrono::milliseconds life = std::chrono::hours(24);
    std::time_t (*time_of_day)() = [] { return std::time(nullptr); };
  };
  TlsSessions() : TlsSessions(Limits{}) {}
  explicit TlsSessions(Limits limits) : limits_(limits) {}

  struct Kept {
    std::string encoded;  // by i2d_SSL_SESSION(); empty: none
    Verification verified;
  };
  // Replaces what is kept for the host.
  void keep(const std::string& host, Kept kept);
  // Takes the host's session out. Empty if there is none that may be used now.
  Kept take(const std::string& host);
  std::size_t size() const noexcept { return order_.size(); }
  std::size_t octets() const noexcept { return octets_; }
  // Whether every certificate is within its time.
  bool holds_now(const Verification& verified) const;

 private:
  using Order = std::list<std::pair<std::string, Kept>>;  // the oldest first
  void drop(Order::iterator session);

  Limits limits_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> hosts_;
  std::size_t octets_ = 0;
};

// Makes the context report new sessions. Once for each context.
void report_sessions(SSL_CTX& context);

// Before the handshake of a client for host: what is reported goes to sessions from now on; a session is
// offered if resume is set and there is one. Returns whether one is offered.
bool use_sessions(SSL& ssl, std::shared_ptr<TlsSessions> sessions, const std::string& host, bool resume);

// After a good answer, before the SSL goes without a close_notify of its own: else OpenSSL would hold its
// session for broken.
void end_well(SSL& ssl);

// After a handshake: a certificate was verified in it, or in that of the session which was offered.
bool is_verified(SSL& ssl);

}  // namespace mtasts
