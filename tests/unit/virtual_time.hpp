// virtual_time - a steady clock that only a waiting loop moves, for tests of what takes time.
//
// While a VirtualTime lives, std::chrono::steady_clock stands still on its thread. A loop of this thread that
// has nothing to do does not sleep: the clock jumps to the moment it would have woken at. So a test with
// timers of minutes takes no time, and how fast the machine is changes nothing. Other threads keep real time:
// a test that waits for another thread's work, or for a real peer, must not use this.
//
// It works at link time: epoll_wait, timerfd_create and steady_clock::now() are wrapped (CMakeLists.txt).
// Loops must be made while it lives, because Asio's would else have a timerfd, which follows the kernel's
// clock.
#pragma once

#include <chrono>
#include <functional>

namespace mtasts::fake {

class VirtualTime {
 public:
  VirtualTime();
  // While passes() is false, a loop that has nothing to do waits for an event and the clock stands still.
  explicit VirtualTime(std::function<bool()> passes);
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  // Time goes by while the thread does something else than wait.
  static void pass(std::chrono::nanoseconds time) noexcept;
};

}  // namespace mtasts::fake
