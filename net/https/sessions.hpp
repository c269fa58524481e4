// sessions - TLS sessions of policy hosts, so that the next fetch from the same host name can resume one.
//
// A resumed handshake verifies no certificate. So a session is kept only after a handshake that verified one.
// It is offered again only to the same host name, within a day of that full handshake (however often it was
// resumed since), and while every certificate of the verified chain is valid. Each session is used once (RFC
// 8446 C.4). Sessions are kept in memory only. A reload drops them all together with the context, because the
// CA certificates may have changed. For the resolve thread only.
//
// A session is kept in its encoded form, which is as large as the host's own certificate and the ticket.
// OpenSSL's objects take nine times as much, and hold the whole chain that the host has sent. The limit on
// all sessions is in octets, because a stranger chooses how large a certificate is.
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

// When a chain was verified, and when all of its certificates are valid: after `begin` and before `end`. end
// 0: no chain was verified.
struct Verification {
  std::chrono::steady_clock::time_point at{};
  std::time_t begin = 0, end = 0;
};

class TlsSessions {
 public:
  struct Limits {
    std::size_t octets = std::size_t{8} << 20;  // limit for all sessions, encoded; the oldest go first
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
  // Keeps a session, in place of an earlier one of the host. One that is too large is dropped.
  void keep(const std::string& host, Kept kept);
  // Removes the host's session and returns it. Empty if there is none that may be used now.
  Kept take(const std::string& host);
  std::size_t size() const noexcept { return order_.size(); }
  std::size_t octets() const noexcept { return octets_; }
  // True if every certificate of the chain is valid now.
  bool holds_now(const Verification& verified) const;

 private:
  using Order = std::list<std::pair<std::string, Kept>>;  // the oldest first
  void drop(Order::iterator session);

  Limits limits_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> hosts_;
  std::size_t octets_ = 0;
};

// Makes the context report new sessions. To be called once for each context.
void report_sessions(SSL_CTX& context);

// To be called before the handshake of a client for host. New sessions that are reported then go to
// `sessions`. If resume is set and there is a session for host, it is offered; returns whether one is.
bool use_sessions(SSL& ssl, std::shared_ptr<TlsSessions> sessions, const std::string& host, bool resume);

// To be called after a good answer, before the SSL is freed without having sent a close_notify. Otherwise
// OpenSSL would consider its session broken.
void end_well(SSL& ssl);

// To be called after a handshake. True if a certificate was verified in it, or in the handshake from which
// the offered session comes.
bool is_verified(SSL& ssl);

}  // namespace mtasts
