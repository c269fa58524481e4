// nat64 - how a relay without IPv4 reaches IPv4 addresses through a NAT64 (RFC 6052, RFC 7050). Pure, except
// for is_ipv6_only().
//
// For policy hosts only: their certificate proves them, whatever the DNS says. An MX host's address may come
// from the DNS only, because DANE depends on it.
#pragma once

#include <optional>
#include <string_view>

#include "core/address.hpp"

namespace mtasts {

// The name whose AAAA records a DNS64 makes up from well-known addresses (RFC 7050 §2.2).
inline constexpr std::string_view nat64_name = "ipv4only.arpa";

// The prefix in an AAAA record of that name: 32, 40, 48, 56, 64 or 96 bits (RFC 6052 §2.2). nullopt: no
// well-known address is in it, or one is in two places (RFC 7050 §3).
std::optional<Cidr> nat64_prefix(const Address& address) noexcept;

// The IPv6 address by which the NAT64 reaches an IPv4 address. REQUIRES: prefix is from nat64_prefix();
// address is IPv4.
Address behind_nat64(const Cidr& prefix, const Address& address) noexcept;

// True if this relay has a route to IPv6 hosts and none to IPv4 hosts. Sends nothing.
bool is_ipv6_only() noexcept;

}  // namespace mtasts
