// prediction - what Postfix will do with a mail, and the words in which it will log that: from the reply of
// the policy map, the MX hosts, and what they said and showed. Pure.
//
// What cannot be known from here: which addresses of equal preference Postfix tries first, and which of more
// than smtp_mx_address_limit (5) it tries at all (PFX-43); settings of main.cf other than those in
// PredictedPostfix, which count as their defaults; and what a server says to others than to us.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/judge_smtp.hpp"
#include "diagnose/tls_policy.hpp"

namespace mtasts {

struct PredictedPostfix {
  PostfixVersion version{};
  TlsLevel main_level = TlsLevel::may;  // smtp_tls_security_level
  bool does_dane = true;                // PFX-8
};

// What Postfix finds in DNS for a host. The words are those of its log.
enum class HostAddresses : std::uint8_t {
  known,
  nxdomain,
  no_data,
  failed,
  unknown  // the lookup failed because of this host here
};
// TLSA records that are not secure count as none.
enum class HostTlsa : std::uint8_t { none, usable, unusable, failed };

struct PredictedHost {
  std::string name;  // as Postfix writes it: lower case, before CNAMEs
  unsigned preference = 0;
  HostAddresses found = HostAddresses::known;
  HostTlsa tlsa = HostTlsa::none;
  // With the DaneVerdict of each chain. If `found` is known and this is empty, nothing is known about them.
  std::vector<SmtpAddressFacts> addresses{};
};

enum class MxAnswer : std::uint8_t { found, failed, null_mx };

struct PredictedRoute {
  std::string domain;  // the next hop, without brackets and port
  std::uint16_t port = 25;
  MxAnswer mx = MxAnswer::found;
  bool mx_secure = false;  // the MX RRset is signed, or there is none, or the next hop is bracketed
  std::vector<PredictedHost> hosts{};  // in any order; without MX records, the domain itself
};

enum class Outcome : std::uint8_t { delivered_verified, delivered_unverified, deferred, bounced, unknown };

constexpr std::string_view words(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::delivered_verified: return "delivered-verified";
    case Outcome::delivered_unverified: return "delivered-unverified";
    case Outcome::deferred: return "deferred";
    case Outcome::bounced: return "bounced";
    case Outcome::unknown: return "unknown";
  }
  return {};
}

inline constexpr std::string_view in_clear_words = "delivered without TLS to ";

struct Prediction {
  Outcome outcome = Outcome::unknown;
  // Deferred or bounced: the text in parentheses after "status=". Delivered through TLS: the line about TLS
  // up to the port; the first word of an unverified one depends on the CAs that Postfix knows, and is left
  // out if the server may have a cipher without a certificate. Else for people.
  std::string reason;
  std::string host{};           // the MX host that decided; empty: none did
  bool certain = true;          // false: the order in which addresses are tried matters, or one is unknown
  bool by_order = false;        // another address, if it is tried first, may give another outcome
  bool in_clear = false;        // delivered without TLS; the reason then begins with in_clear_words
  bool later_in_clear = false;  // deferred now; after minimal_backoff_time it goes out without TLS (PFX-4)
  friend bool operator==(const Prediction&, const Prediction&) = default;
};

// reply: to the dialect that this Postfix uses.
Prediction predict(std::string_view reply, const PredictedRoute& route, const PredictedPostfix& postfix);

}  // namespace mtasts
