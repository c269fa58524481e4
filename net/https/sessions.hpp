// sessions - TLS sessions of policy hosts, so that the next fetch from the same host name can resume one.
//
// A resumed handshake verifies no certificate. So a session is kept only after a handshake that verified one,
// and offered again only to the same host name, within a day of that verification (of the full handshake,
// however often it was resumed since), and while every certificate of the verified chain is within its time.
// Each is used once (RFC 8446 C.4). In memory only; with the context, a reload drops them all: its CA
// certificates may be others. Resolve thread only.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/https/tls.hpp"

namespace mtasts {

// A chain as it was verified, leaf first, and when.
struct VerifiedChain {
  std::shared_ptr<STACK_OF(X509)> certificates;
  std::chrono::steady_clock::time_point at;
};

class TlsSessions {
 public:
  struct Limits {
    std::size_t most = 2000;  // hosts; beyond, the oldest goes
    std::chrono::milliseconds life = std::chrono::hours(24);
  };
  TlsSessions() : TlsSessions(Limits{}) {}
  explicit TlsSessions(Limits limits) : limits_(limits) {}

  struct Kept {
    std::shared_ptr<SSL_SESSION> session;
    VerifiedChain chain;
  };
  // Takes ownership of nothing the caller has.
  void keep(const std::string& host, Kept kept);
  // Takes the host's session out. session is nullptr if there is none that may be used.
  Kept take(const std::string& host);
  std::size_t size() const noexcept { return order_.size(); }

 private:
  using Order = std::list<std::pair<std::string, Kept>>;  // the oldest first
  Limits limits_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> hosts_;
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
