// name_server - a DNS resolver, as written in [dns] forward and resolv.conf(5).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.hpp"

namespace mtasts {

struct NameServer {
  Address address;
  std::string interface{};  // of an IPv6 address, as "eth0" in "fe80::1%eth0"; else empty
  std::uint16_t port = 53;
  friend auto operator<=>(const NameServer&, const NameServer&) = default;
};

// "192.0.2.53", "fe80::1%eth0", "192.0.2.53@5353": the port is written only if it is not 53. libunbound reads
// this form.
std::string to_string(const NameServer& server);

// Reads what to_string() writes. The text is hostile: any octets. nullopt: malformed, or the interface is not
// one that may_be_interface() accepts.
std::optional<NameServer> parse_name_server(std::string_view text);

// True for 1 to 15 letters, digits, ".", "-" and "_".
bool may_be_interface(std::string_view text) noexcept;

}  // namespace mtasts
