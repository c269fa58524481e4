// ports/fetch - "get the policy file of this domain over HTTPS" (RFC 8461 §3.3). Implemented by net/https.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// How a policy host's TLS failed. Stable: saved traces hold these words.
enum class TlsTrouble : std::uint8_t {
  none,         // it did not fail, or did not begin
  certificate,  // the certificate was refused; `untrusted` says why
  not_tls,      // the server speaks something else on this port, such as plain HTTP
  old_version,  // the server offers no TLS 1.2 or later
  no_http1,     // the server accepts only other protocols, such as HTTP/2
  other,
};

constexpr std::string_view words(TlsTrouble trouble) noexcept {
  switch (trouble) {
    case TlsTrouble::none: return "none";
    case TlsTrouble::certificate: return "certificate";
    case TlsTrouble::not_tls: return "not-tls";
    case TlsTrouble::old_version: return "old-version";
    case TlsTrouble::no_http1: return "no-http1";
    case TlsTrouble::other: return "other";
  }
  return {};
}

inline constexpr std::size_t max_chain_octets = 16 * 1024;  // of the certificates that are kept
inline constexpr std::size_t max_header_octets = 500;       // of a header's value that is kept

// What was seen on one connection to a policy host, however the exchange ended. What was not seen is empty.
struct PolicyHostSeen {
  TlsTrouble tls = TlsTrouble::none;
  // DER, as sent, the leaf first; at most max_chain_octets, else cut at its end.
  std::vector<std::string> chain{};
  bool chain_cut = false;  // certificates were left out of chain
  // The chain and its name, judged as for every fetch: 0, or OpenSSL's first X509_V_ERR_ code, the depth of
  // the certificate at fault, and OpenSSL's words. It is judged before the chain is cut.
  int untrusted = 0;
  int untrusted_depth = 0;
  std::string untrusted_words{};
  unsigned status = 0;             // of HTTP; also if the answer was refused after it
  std::string location{};          // of a redirect; cut at max_header_octets; any octets
  std::string content_encoding{};  // the first that is not identity; cut at max_header_octets; any octets
  bool too_large = false;          // the body, or all of HTTP, went above its limit
  bool cut_short = false;          // the connection ended before the body did
  friend bool operator==(const PolicyHostSeen&, const PolicyHostSeen&) = default;
};

struct PolicyHostAnswer {
  // The error's step is the one that failed, also if the time was over.
  std::expected<HttpAnswer, FetchError> answer;
  bool asked = true;       // false: nothing was dialled; the error says why
  bool timed_out = false;  // it failed because the time was over
  PolicyHostSeen seen{};
};

// Where people put a policy by mistake. No sender looks there.
enum class PolicyPlace : std::uint8_t {
  domain,      // https://<domain>/.well-known/mta-sts.txt
  www,         // https://www.<domain>/.well-known/mta-sts.txt
  root,        // https://mta-sts.<domain>/mta-sts.txt
  plain_http,  // http://mta-sts.<domain>/.well-known/mta-sts.txt
};
inline constexpr PolicyPlace policy_places[] = {PolicyPlace::domain, PolicyPlace::www, PolicyPlace::root,
                                                PolicyPlace::plain_http};

// Stable: saved traces hold these words.
constexpr std::string_view words(PolicyPlace place) noexcept {
  switch (place) {
    case PolicyPlace::domain: return "domain";
    case PolicyPlace::www: return "www";
    case PolicyPlace::root: return "root";
    case PolicyPlace::plain_http: return "plain-http";
  }
  return {};
}

std::string url_of(const DomainName& domain, PolicyPlace place);

// What was found at such a place. Never the text: no policy from there may ever be used.
enum class PlaceFound : std::uint8_t {
  not_asked,  // or no answer in time
  nothing,    // no answer, or something that is not a valid policy
  policy,
};

// Stable: saved traces hold these words.
constexpr std::string_view words(PlaceFound found) noexcept {
  switch (found) {
    case PlaceFound::not_asked: return "not-asked";
    case PlaceFound::nothing: return "nothing";
    case PlaceFound::policy: return "policy";
  }
  return {};
}

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
  // The same from one address of the policy host, with the same limits and rules; it tells what was seen as
  // well (mtastsctl check). The caller finds the addresses by A and AAAA questions for mta-sts.<domain>; a
  // special-use one is refused here as in get_policy(). Nothing is resumed, so the certificates are always
  // presented. Of request only the domain is used. If policy hosts are reached through a proxy, their
  // addresses can't be chosen here, and the answer is that it was not asked. A Fetch that can't do this
  // answers so too.
  virtual boost::asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest request, Address address);
  // Whether a valid policy stands at a place where no sender looks, as a hint for its owner (mtastsctl
  // check): status 200 and a body that lint_policy() reads as a policy, whatever its type. The limits are
  // those of get_policy(): its deadline, its size, no redirects, no special-use address, and for https a
  // certificate that is good. Plain HTTP is spoken here and nowhere else. Of request only the domain and dns
  // are used. Through a proxy nothing is asked. A Fetch that can't do this answers so too.
  virtual boost::asio::awaitable<PlaceFound> look_at(PolicyRequest request, PolicyPlace place);
};

struct PolicyRequest {
  DomainName domain;
  Dns& dns;                   // finds the policy host, or the proxy; must outlive the fetch
  Fetch::StartPtr started{};  // from start() for this domain; nullptr: nothing was begun
  Hurry hurry = Hurry::now;
  FetchGate* gate = nullptr;  // must outlive the fetch; nullptr: the fetch always goes on
};

// That nothing was dialled, and why.
PolicyHostAnswer not_asked(FetchStep step, std::string why);

}  // namespace mtasts
