// address - an IP address as a value, CIDR blocks, and which addresses are special-use (RFC 6890, STS-16).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mtasts {

struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> octets{};  // the first 4 for IPv4
  friend auto operator<=>(const Address&, const Address&) = default;
};

// nullopt: not an IPv4 or IPv6 address. Brackets and zone ids ("%eth0") are refused.
std::optional<Address> parse_address(std::string_view text) noexcept;
std::string to_string(const Address& address);  // RFC 5952 for IPv6

struct Cidr {
  Address base;
  unsigned bits = 0;
  friend auto operator<=>(const Cidr&, const Cidr&) = default;
};

// "203.0.113.0/24", "2001:db8::/32"; a bare address is a block of its whole length. nullopt: malformed.
std::optional<Cidr> parse_cidr(std::string_view text) noexcept;
bool contains(const Cidr& block, const Address& address) noexcept;

// The registry block the address lies in ("loopback", "private use", "documentation", …), or "" if it is
// globally usable. IPv4-mapped, 6to4, NAT64 and Teredo addresses are judged by the IPv4 address inside them
// as well. Multicast and unspecified count as special.
std::string_view special_use(const Address& address) noexcept;

// Whether a policy host may have this address: it is not special-use, or it lies in one of the allowed
// blocks.
bool may_dial(const Address& address, std::span<const Cidr> allowed) noexcept;

}  // namespace mtasts
