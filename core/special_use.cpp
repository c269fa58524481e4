// The special-use address blocks: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and later
// RFCs).

#include <algorithm>
#include <initializer_list>

#include "core/address.hpp"

namespace mtasts {

namespace {

struct Block {
  Cidr cidr;
  std::string_view use;
};

constexpr Cidr v4(std::initializer_list<std::uint8_t> octets, unsigned bits) {
  Cidr cidr{.base = {}, .bits = bits};
  std::copy(octets.begin(), octets.end(), cidr.base.octets.begin());
  return cidr;
}

constexpr Cidr v6(std::initializer_list<std::uint16_t> groups, unsigned bits) {
  Cidr cidr{.base = {.v6 = true}, .bits = bits};
  std::size_t at = 0;
  for (std::uint16_t group : groups) {
    cidr.base.octets[at++] = static_cast<std::uint8_t>(group >> 8);
    cidr.base.octets[at++] = static_cast<std::uint8_t>(group & 0xFF);
  }
  return cidr;
}

// The first block that holds an address gives its name, so narrow blocks come before the wide ones around
// them.
constexpr Block v4_blocks[] = {
    {v4({0, 0, 0, 0}, 32), "unspecified"},
    {v4({0}, 8), "this network"},
    {v4({10}, 8), "private use"},
    {v4({100, 64}, 10), "shared address space"},
    {v4({127}, 8), "loopback"},
    {v4({169, 254}, 16), "link local"},
    {v4({172, 16}, 12), "private use"},
    {v4({192, 0, 0}, 24), "protocol assignments"},
    {v4({192, 0, 2}, 24), "documentation"},
    {v4({192, 88, 99}, 24), "6to4 relay"},
    {v4({192, 168}, 16), "private use"},
    {v4({198, 18}, 15), "benchmarking"},
    {v4({198, 51, 100}, 24), "documentation"},
    {v4({203, 0, 113}, 24), "documentation"},
    {v4({224}, 4), "multicast"},
    {v4({255, 255, 255, 255}, 32), "broadcast"},
    {v4({240}, 4), "reserved"},
};

constexpr Block v6_blocks[] = {
    {v6({}, 128), "unspecified"},
    {v6({0, 0, 0, 0, 0, 0, 0, 1}, 128), "loopback"},
    {v6({0, 0, 0, 0, 0, 0xffff}, 96), "IPv4-mapped"},
    {v6({0x64, 0xff9b, 1}, 48), "local-use NAT64"},
    {v6({0x100}, 64), "discard only"},
    {v6({0x2001, 0}, 32), "Teredo"},
    {v6({0x2001, 0xdb8}, 32), "documentation"},
    {v6({0x2001}, 23), "protocol assignments"},
    {v6({0x2002}, 16), "6to4"},
    {v6({0x3fff}, 20), "documentation"},
    {v6({0x5f00}, 16), "segment routing"},
    {v6({0xfc00}, 7), "unique local"},
    {v6({0xfe80}, 10), "link local"},
    {v6({0xfec0}, 10), "site local"},
    {v6({0xff00}, 8), "multicast"},
};

constexpr Cidr global_unicast = v6({0x2000}, 3);          // all that IANA hands out
constexpr Cidr nat64 = v6({0x64, 0xff9b}, 96);            // RFC 6052 §2.1; usable where its IPv4 address is
constexpr Cidr mapped = v6({0, 0, 0, 0, 0, 0xffff}, 96);  // RFC 4291 §2.5.5.2
constexpr Cidr six_to_four = v6({0x2002}, 16);            // RFC 3056 §2
constexpr Cidr teredo = v6({0x2001, 0}, 32);              // RFC 4380 §4

template <std::size_t N>
std::string_view use_by(const Block (&blocks)[N], const Address& address) noexcept {
  auto found = std::ranges::find_if(blocks, [&](const Block& b) { return contains(b.cidr, address); });
  return found == std::end(blocks) ? std::string_view{} : found->use;
}

Address v4_inside(const Address& address, std::size_t from, std::uint8_t mask) noexcept {
  Address inner;
  for (std::size_t i = 0; i < 4; ++i) inner.octets[i] = address.octets[from + i] ^ mask;
  return inner;
}

// What block the IPv4 address inside an IPv6 address is in; "" if there is no such address or it is globally
// usable.
std::string_view use_of_inner(const Address& address) noexcept {
  if (contains(mapped, address) || contains(nat64, address))
    return use_by(v4_blocks, v4_inside(address, 12, 0));
  if (contains(six_to_four, address)) return use_by(v4_blocks, v4_inside(address, 2, 0));
  if (contains(teredo, address)) return use_by(v4_blocks, v4_inside(address, 12, 0xFF));  // stored inverted
  return {};
}

}  // namespace

std::string_view special_use(const Address& address) noexcept {
  if (!address.v6) return use_by(v4_blocks, address);
  if (std::string_view use = use_of_inner(address); !use.empty()) return use;
  if (std::string_view use = use_by(v6_blocks, address); !use.empty()) return use;
  if (contains(global_unicast, address) || contains(nat64, address)) return {};
  return "reserved";
}

}  // namespace mtasts
