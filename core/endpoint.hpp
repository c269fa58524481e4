// endpoint - where a stream socket listens, as written in the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "core/address.hpp"

namespace mtasts {

// "unix:/path" or "inet:host:port" ("inet:[::1]:8463" for IPv6). conf/values.hpp parses it.
struct Endpoint {
  enum class Kind { unix_path, inet };
  Kind kind = Kind::inet;
  std::string path;        // unix_path
  Address address;         // inet
  std::uint16_t port = 0;  // inet
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

Endpoint unix_endpoint(std::string path);

std::string to_string(const Endpoint& endpoint);      // as written in the configuration
std::string host_and_port(const Endpoint& endpoint);  // "127.0.0.1:8464", "[::1]:8464". REQUIRES: kind inet

}  // namespace mtasts
