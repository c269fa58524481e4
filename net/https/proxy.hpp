// proxy - the setting [https] proxy: "http://host:port", an HTTP proxy that takes CONNECT.
//
// Host is a name or a literal address, IPv6 in brackets. Refused: https:// (TLS inside TLS), a login (it has
// a file of its own: net/https/proxy_credentials.hpp), a path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

struct ProxyAddress {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// Fault::config with the remedy.
Result<ProxyAddress> parse_proxy(std::string_view text);

}  // namespace mtasts
