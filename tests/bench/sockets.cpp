#include "tests/bench/sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sys/socket_address.hpp"

namespace mtasts::bench {
namespace {

constexpr int backlog = 4096;
constexpr timeval connect_wait{.tv_sec = 10, .tv_usec = 0};

std::unexpected<Error> system_error(const Endpoint& endpoint, const char* doing) {
  return fail(Fault::network, to_string(endpoint) + ": " + doing + ": " + std::strerror(errno));
}

Fd new_socket(const Endpoint& endpoint, const SocketAddress& address) noexcept {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  int on = 1;
  if (fd && endpoint.kind == Endpoint::Kind::inet)
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool make_nonblocking(const Fd& fd) noexcept {
  return ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) == 0;
}

}  // namespace

Result<Fd> connect_to(const Endpoint& endpoint) {
  SocketAddress address = socket_address(endpoint);
  Fd fd = new_socket(endpoint, address);
  if (!fd) return system_error(endpoint, "make a socket");
  // A blocking connect waits for room in the backlog; a non-blocking one would have to be repeated.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &connect_wait, sizeof connect_wait);
  if (::connect(fd.get(), address.get(), address.size) != 0) return system_error(endpoint, "connect");
  if (!make_nonblocking(fd)) return system_error(endpoint, "make nonblocking");
  return fd;
}

Result<Fd> listen_on(const Endpoint& endpoint) {
  SocketAddress address = socket_address(endpoint);
  Fd fd = new_socket(endpoint, address);
  if (!fd) return system_error(endpoint, "make a socket");
  int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.kind == Endpoint::Kind::unix_path) ::unlink(endpoint.path.c_str());
  if (::bind(fd.get(), address.get(), address.size) != 0) return system_error(endpoint, "bind");
  if (::listen(fd.get(), backlog) != 0 || !make_nonblocking(fd)) return system_error(endpoint, "listen");
  return fd;
}

Result<void> pin_to_core(int core) {
  if (core < 0) return {};
  cpu_set_t only;
  CPU_ZERO(&only);
  if (core < CPU_SETSIZE) CPU_SET(core, &only);
  if (::sched_setaffinity(0, sizeof only, &only) == 0) return {};
  return fail(Fault::config, "--cpu " + std::to_string(core) + ": " + std::strerror(errno));
}

void raise_file_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace mtasts::bench
