// ports/fetch - "get the policy file of this domain over HTTPS" (RFC 8461 §3.3). Implemented by net/https.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.hpp"
#include "core/domain_name.hpp"
#include "ports/dns.hpp"

namespace mtasts {

struct HttpAnswer {
  unsigned status = 0;
  std::string content_type;  // empty: header missing
  std::string body;          // at most max_policy_bytes; only read if status is 200
};

enum class FetchStep { address, connect, proxy, tls, request, response, deadline };
std::string_view words(FetchStep step) noexcept;

struct FetchError {
  FetchStep step;
  std::string detail;  // with OpenSSL's or the system's own words
  bool put_off =
      false;  // nothing was asked: too many others are being fetched; says nothing of the policy host
  bool local =
      false;  // this host lacked something, for example a descriptor; says nothing of the policy host
};

// Whether a fetch may wait while others are fetched from the same policy host's address.
enum class Hurry {
  now,       // somebody may need it: never waits
  soon,      // for some seconds, then it goes anyway
  whenever,  // for a moment; then it ends, put off
};

// Has a say between finding a policy host and asking it.
class FetchGate {
 public:
  virtual ~FetchGate() = default;
  // Awaited once the policy host's addresses are known. first: the one that is dialled first; nullopt: a
  // proxy is, and nobody here knows. Result false: the fetch ends, put off.
  virtual boost::asio::awaitable<bool> pass(std::optional<Address> first) = 0;
};

struct PolicyRequest;

class Fetch {
 public:
  // What was begun for a policy before it is known to be needed; dropped, it does no harm.
  struct Start {
    virtual ~Start() = default;
  };
  using StartPtr = std::unique_ptr<Start>;

  virtual ~Fetch() = default;
  // Begins what a fetch of this domain's policy needs first, the lookup of the policy host's addresses, and
  // does not wait for it: a caller that will probably fetch saves a round trip. dns is used before it returns
  // only. May be nullptr. Resolve thread only.
  virtual StartPtr start(const DomainName& domain, Dns& dns) = 0;
  // GET https://mta-sts.<domain>/.well-known/mta-sts.txt. Always ends within the configured timeout, what it
  // waits at the gate not counted. Any status is an answer: the caller judges it (core/sts_policy.hpp
  // lint_http). Call and await on the resolve thread only.
  virtual boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest request) = 0;
};

struct PolicyRequest {
  DomainName domain;
  Dns& dns;                   // finds the policy host, or the proxy; outlives the fetch
  Fetch::StartPtr started{};  // of this domain, from start(); nullptr: nothing was begun
  Hurry hurry = Hurry::now;
  FetchGate* gate = nullptr;  // outlives the fetch; nullptr: it may always go on
};

}  // namespace mtasts
