#include "net/local_shortage.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

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

}  // namespace

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

void note_local_shortage() noexcept {
  last_shortage.store(Steady::now().time_since_epoch().count(), std::memory_order_relaxed);
}

bool local_shortage_since(Steady::time_point begin) noexcept {
  if (!can_make_a_socket()) note_local_shortage();
  return last_shortage.load(std::memory_order_relaxed) >= begin.time_since_epoch().count();
}

}  // namespace mtasts
