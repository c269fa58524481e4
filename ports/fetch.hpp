// ports/fetch - "get the policy file of this domain over HTTPS" (RFC 8461 §3.3). Implemented by net/https.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "core/domain_name.hpp"

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
};

// Whether a fetch may wait while others are fetched from the same policy host's address.
enum class Hurry {
  now,       // somebody may need it: never waits
  soon,      // for some seconds, then it goes anyway
  whenever,  // for a moment; then it ends, put off
};

class Fetch {
 public:
  // What was begun for a policy before it is known to be needed; dropped, it does no harm.
  struct Start {
    virtual ~Start() = default;
  };
  using StartPtr = std::unique_ptr<Start>;

  virtual ~Fetch() = default;
  // Begins what a fetch of this domain's policy needs first, the lookup of the policy host's addresses, and
  // does not wait for it: a caller that will probably fetch saves a round trip. May be nullptr. Resolve
  // thread only.
  virtual StartPtr start(const DomainName& domain) = 0;
  // GET https://mta-sts.<domain>/.well-known/mta-sts.txt. Always ends within the configured timeout. Any
  // status is an answer: the caller judges it (core/sts_policy.hpp lint_http). started: of this domain, from
  // start(); nullptr: nothing was begun. Call and await on the resolve thread only.
  virtual boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(
      DomainName domain, StartPtr started = nullptr, Hurry hurry = Hurry::now) = 0;
};

}  // namespace mtasts
