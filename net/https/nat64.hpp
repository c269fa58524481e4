// nat64 - IPv4 addresses as a NAT64 takes them, for a host without IPv4 (RFC 6052, RFC 7050). Pure, but for
// is_ipv6_only().
//
// For policy hosts alone: their certificate proves them, whatever the DNS says. An MX host's address may come
// from the DNS only, because DANE depends on it.
#pragma once

#include <optional>
#include <string_view>

#include "core/address.hpp"

namespace mtasts {

// The name whose AAAA records a DNS64 makes up from addresses that everybody knows (RFC 7050 §2.2).
inline constexpr std::string_view nat64_name = "ipv4only.arpa";

// The prefix in an AAAA record of that name: 32, 40, 48, 56, 64 or 96 bits (RFC 6052 §2.2). nullopt: none of
// the well-known addresses is in it, or in two places (RFC 7050 §3).
std::optional<Cidr> nat64_prefix(const Address& address) noexcept;

// An IPv4 address behind the prefix. REQUIRES: one of nat64_prefix(); address is IPv4.
Address behind_nat64(const Cidr& prefix, const Address& address) noexcept;

// Whether this host has IPv6, and no way to IPv4 hosts at large. Nothing is sent.
bool is_ipv6_only() noexcept;

}  // namespace mtasts
