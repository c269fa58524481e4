#include "net/https/nat64.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

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

// A connected datagram socket asks the routing table and sends nothing.
bool has_route(int family, const sockaddr* where, socklen_t size) noexcept {
  int descriptor = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  bool routed = ::connect(descriptor, where, size) == 0;
  ::close(descriptor);
  return routed;
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

bool is_ipv6_only() noexcept {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(443);
  ::inet_pton(AF_INET, "198.41.0.4", &v4.sin_addr);  // a.root-servers.net, as any global address
  if (has_route(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4)) return false;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(443);
  ::inet_pton(AF_INET6, "2001:503:ba3e::2:30", &v6.sin6_addr);
  return has_route(AF_INET6, reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

}  // namespace mtasts
