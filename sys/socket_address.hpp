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

// Whether a unix endpoint's path, with its NUL, fits into a socket address. An inet endpoint always fits.
bool fits_socket_address(const Endpoint& endpoint) noexcept;

// REQUIRES: fits_socket_address(). A longer path is cut.
SocketAddress socket_address(const Endpoint& endpoint) noexcept;

}  // namespace mtasts
