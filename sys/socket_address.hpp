// socket_address - an address as the system's socket calls take it.
#pragma once

#include <sys/socket.h>

#include "core/endpoint.hpp"

namespace mtasts {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
};

SocketAddress socket_address(const Address& address, std::uint16_t port) noexcept;

// Whether the path of a unix endpoint fits into a socket address with its NUL; an inet endpoint always fits.
bool fits_socket_address(const Endpoint& endpoint) noexcept;

// fits_socket_address() must hold: a longer path is cut off.
SocketAddress socket_address(const Endpoint& endpoint) noexcept;

}  // namespace mtasts
