#include "core/endpoint.hpp"

#include <utility>

namespace mtasts {

Endpoint unix_endpoint(std::string path) { return {Endpoint::Kind::unix_path, std::move(path), {}, 0}; }

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_path) return "unix:" + endpoint.path;
  return "inet:" + host_and_port(endpoint);
}

std::string host_and_port(const Endpoint& endpoint) {
  std::string address = to_string(endpoint.address);
  if (endpoint.address.v6) address = "[" + address + "]";
  return address + ":" + std::to_string(endpoint.port);
}

}  // namespace mtasts
