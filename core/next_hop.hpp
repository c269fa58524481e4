// next_hop - what Postfix asks about: the key of a policy lookup (KEY-1, KEY-3 to KEY-7, PFX-44, STS-35).
//
// Forms: "example.com", "example.com:587", "[mx.example.com]", "[mx.example.com]:submission", "example.com.".
// Keys that never have a policy: ".example.com" (Postfix trying parent domains), addresses, LMTP paths,
// garbage. Callers convert U-labels first (idn/).
#pragma once

#include <string_view>
#include <variant>

#include "core/domain_name.hpp"

namespace mtasts {

struct NextHop {
  DomainName domain;  // the policy domain (STS-35: the host itself for [host] and host:port)
  // Digits or a service name, as in the key; empty: the default port. A view into the key.
  std::string_view port;
  bool bracketed;  // [host]: no MX lookup, the host itself is the next hop
};

// Why a key has no policy domain. Each is answered NOTFOUND.
enum class NotAHost {
  parent,      // leading dot: RFC 8461 §3.4 forbids parent policies (KEY-4)
  address,     // an IP address, bracketed or not
  not_a_name,  // anything else: empty, a path, bad bytes, bad port
};

// Reads a key. Views in the result live as long as the bytes of the key.
std::variant<NextHop, NotAHost> parse_next_hop(std::string_view key) noexcept;

// Words for the log: "a parent-domain key", "an IP address", "not a host name".
std::string_view words(NotAHost why) noexcept;

}  // namespace mtasts
