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
  std::string content_type;  // empty: the header is missing
  std::string body;          // at most max_policy_bytes; only read if status is 200
};

enum class FetchStep { address, connect, proxy, tls, request, response, deadline };
std::string_view words(FetchStep step) noexcept;

struct FetchError {
  FetchStep step;
  std::string detail;  // the cause, with the words of OpenSSL or the system
  // Nothing was asked, because too many others are being fetched; says nothing about the policy host.
  bool put_off = false;
  // This host lacked something, for example a descriptor; says nothing about the policy host.
  bool local = false;
};

// Whether a fetch may wait while others fetch from the same policy host's address.
enum class Hurry {
  now,       // never waits: somebody may need it
  soon,      // waits some seconds, then goes on anyway
  whenever,  // waits a moment, then ends, put off
};

// Decides whether a fetch goes on after the policy host was found and before it is asked.
class FetchGate {
 public:
  virtual ~FetchGate() = default;
  // Awaited once the policy host's addresses are known. first: the address that will be dialled first;
  // nullopt: a proxy will be dialled, and the policy host's address is not known. False: the fetch ends, put
  // off.
  virtual boost::asio::awaitable<bool> pass(std::optional<Address> first) = 0;
};

struct PolicyRequest;

class Fetch {
 public:
  // What was begun for a fetch before anybody knew whether it is needed. Destroying it does no harm.
  struct Start {
    virtual ~Start() = default;
  };
  using StartPtr = std::unique_ptr<Start>;

  virtual ~Fetch() = default;
  // Begins the first part of a fetch of this domain's policy, the lookup of the policy host's addresses, and
  // does not wait for it. A caller that will probably fetch saves a round trip. dns is used only until this
  // returns. May return nullptr. Resolve thread only.
  virtual StartPtr start(const DomainName& domain, Dns& dns) = 0;
  // GET https://mta-sts.<domain>/.well-known/mta-sts.txt. Always ends within the configured timeout, not
  // counting the wait at the gate. Any HTTP status is an answer, which the caller judges (lint_http() in
  // core/sts_policy.hpp). Call and await on the resolve thread only.
  virtual boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest request) = 0;
};

struct PolicyRequest {
  DomainName domain;
  Dns& dns;                   // finds the policy host, or the proxy; must outlive the fetch
  Fetch::StartPtr started{};  // from start() for this domain; nullptr: nothing was begun
  Hurry hurry = Hurry::now;
  FetchGate* gate = nullptr;  // must outlive the fetch; nullptr: the fetch always goes on
};

}  // namespace mtasts
