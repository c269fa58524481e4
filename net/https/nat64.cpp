#include "net/https/nat64.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "sys/fd.hpp"
#include "sys/socket_address.hpp"

namespace mtasts {
namespace {

constexpr std::array<unsigned, 6> lengths{96, 64, 56, 48, 40, 32};  // RFC 6052 §2.2, the usual one first
constexpr std::size_t u_octet = 8;  // always 0, never part of the IPv4 address

// 192.0.0.170 and 192.0.0.171 (RFC 7050 §2.2).
bool is_well_known(const Address& v4) noexcept {
  return v4.octets[0] == 192 && v4.octets[1] == 0 && v4.octets[2] == 0 &&
         (v4.octets[3] == 170 || v4.octets[3] == 171);
}

// Calls f(octet of the IPv6 address, octet of the IPv4 address) for each octet of an IPv4 address behind a
// prefix of so many bits.
template <class F>
void for_each_place(unsigned bits, F&& f) {
  std::size_t at = bits / 8;
  for (std::size_t i = 0; i < 4; ++i, ++at) {
    if (at == u_octet) ++at;
    f(at, i);
  }
}

Address v4_behind(const Address& address, unsigned bits) noexcept {
  Address v4;
  for_each_place(bits,
                 [&](std::size_t v6_at, std::size_t v4_at) { v4.octets[v4_at] = address.octets[v6_at]; });
  return v4;
}

// Connecting a datagram socket asks the routing table and sends nothing.
bool has_route(std::string_view somewhere) noexcept {
  SocketAddress address = socket_address(parse_address(somewhere).value(), 443);
  Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return socket && ::connect(socket.get(), address.get(), address.size) == 0;
}

}  // namespace

std::optional<Cidr> nat64_prefix(const Address& address) noexcept {
  if (!address.v6) return std::nullopt;
  std::optional<Cidr> found;
  for (unsigned bits : lengths) {
    if (!is_well_known(v4_behind(address, bits))) continue;
    if (found) return std::nullopt;
    Cidr prefix{.base = {.v6 = true}, .bits = bits};
    std::copy_n(address.octets.begin(), bits / 8, prefix.base.octets.begin());
    found = prefix;
  }
  return found;
}

Address behind_nat64(const Cidr& prefix, const Address& address) noexcept {
  Address out = prefix.base;
  for_each_place(prefix.bits,
                 [&](std::size_t v6_at, std::size_t v4_at) { out.octets[v6_at] = address.octets[v4_at]; });
  return out;
}

// The addresses of a.root-servers.net; any global ones would do.
bool is_ipv6_only() noexcept { return !has_route("198.41.0.4") && has_route("2001:503:ba3e::2:30"); }

}  // namespace mtasts
