// proxy_address - an HTTP proxy that accepts CONNECT, as written in [https] proxy.
#pragma once

#include <cstdint>
#include <string>

namespace mtasts {

struct ProxyAddress {
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
  friend bool operator==(const ProxyAddress&, const ProxyAddress&) = default;
};

std::string to_string(const ProxyAddress& proxy);  // "http://host:port", as in the configuration

}  // namespace mtasts
