#include "sys/socket_address.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace mtasts {
namespace {

template <class T>
SocketAddress from(const T& specific) noexcept {
  SocketAddress address;
  std::memcpy(&address.storage, &specific, sizeof specific);
  address.size = sizeof specific;
  return address;
}

}  // namespace

SocketAddress socket_address(const Address& address, std::uint16_t port) noexcept {
  if (address.v6) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    std::memcpy(&six.sin6_addr, address.octets.data(), sizeof six.sin6_addr);
    return from(six);
  }
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  std::memcpy(&four.sin_addr, address.octets.data(), sizeof four.sin_addr);
  return from(four);
}

bool fits_socket_address(const Endpoint& endpoint) noexcept {
  return endpoint.path.size() < sizeof(sockaddr_un::sun_path);
}

SocketAddress socket_address(const Endpoint& endpoint) noexcept {
  if (endpoint.kind == Endpoint::Kind::inet) return socket_address(endpoint.address, endpoint.port);
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  endpoint.path.copy(local.sun_path, sizeof local.sun_path - 1);
  return from(local);
}

}  // namespace mtasts
