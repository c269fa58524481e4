#include "sys/local_shortage.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>

namespace mtasts {
namespace {

using Steady = std::chrono::steady_clock;

std::atomic<Steady::rep> last_shortage{Steady::time_point::min().time_since_epoch().count()};

bool can_make_a_socket() noexcept {
  int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return !is_local_shortage(errno);
  ::close(descriptor);
  return true;
}

bool leaves_the_host(const ifaddrs& interface) noexcept {
  if (interface.ifa_addr == nullptr || interface.ifa_addr->sa_family != AF_INET6) return false;
  const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(interface.ifa_addr)->sin6_addr;
  return !IN6_IS_ADDR_LOOPBACK(&address) && !IN6_IS_ADDR_LINKLOCAL(&address);
}

}  // namespace

bool has_ipv6() noexcept {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return true;
  std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next)
    if (leaves_the_host(*each)) return true;
  return false;
}

bool is_local_shortage(int error) noexcept {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL: return true;
    default: return false;
  }
}

bool is_local_shortage(int error, const Address& dialled) noexcept {
  if (error == EADDRNOTAVAIL && dialled.v6 && !has_ipv6()) return false;
  return is_local_shortage(error);
}

void note_local_shortage() noexcept {
  last_shortage.store(Steady::now().time_since_epoch().count(), std::memory_order_relaxed);
}

bool local_shortage_since(Steady::time_point begin) noexcept {
  if (!can_make_a_socket()) note_local_shortage();
  return last_shortage.load(std::memory_order_relaxed) >= begin.time_since_epoch().count();
}

}  // namespace mtasts
