#include "sys/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <catch2/catch_test_macros.hpp>

using namespace mtasts;

TEST_CASE("the system reads socket addresses as they are meant", "[socket_address]") {
  std::array<char, INET6_ADDRSTRLEN> text{};
  SocketAddress four = socket_address(parse_address("192.0.2.7").value(), 8463);
  const auto* in = reinterpret_cast<const sockaddr_in*>(four.get());
  CHECK(four.family() == AF_INET);
  CHECK(four.size == sizeof *in);
  CHECK(ntohs(in->sin_port) == 8463);
  CHECK(::inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size()) == std::string("192.0.2.7"));

  SocketAddress six = socket_address(parse_address("2001:db8::7").value(), 25);
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(six.get());
  CHECK(six.family() == AF_INET6);
  CHECK(six.size == sizeof *in6);
  CHECK(ntohs(in6->sin6_port) == 25);
  CHECK(::inet_ntop(AF_INET6, &in6->sin6_addr, text.data(), text.size()) == std::string("2001:db8::7"));
}

TEST_CASE("a unix path fits with its NUL or is refused", "[socket_address]") {
  Endpoint endpoint = unix_endpoint(std::string(107, 'p'));
  CHECK(fits_socket_address(endpoint));
  SocketAddress address = socket_address(endpoint);
  const auto* local = reinterpret_cast<const sockaddr_un*>(address.get());
  CHECK(address.family() == AF_UNIX);
  CHECK(address.size == sizeof *local);
  CHECK(local->sun_path == endpoint.path);
  endpoint.path += 'p';
  CHECK_FALSE(fits_socket_address(endpoint));
  CHECK(socket_address(endpoint).size == sizeof *local);  // cut off, nothing written beyond the end
}
