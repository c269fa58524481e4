#include "core/endpoint.hpp"

#include <utility>

namespace mtasts {

Endpoint unix_endpoint(std::string path) { return {Endpoint::Kind::unix_path, std::move(path), {}, 0}; }

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_path) return "unix:" + endpoint.path;
  std::string address = to_string(endpoint.address);
  if (endpoint.address.v6) address = "[" + address + "]";
  return "inet:" + address + ":" + std::to_string(endpoint.port);
}

}  // namespace mtasts
