#include "virtual_time.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <utility>

namespace {

using Steady = std::chrono::steady_clock;

thread_local int virtual_times = 0;  // how many live on this thread
thread_local Steady::time_point virtual_now{};
thread_local std::function<bool()> may_pass;  // empty: whenever nothing is ready

}  // namespace

// The linker's names: "wrap" is called in place of the function, "real" is the function.
Steady::time_point real_now() noexcept asm("__real__ZNSt6chrono3_V212steady_clock3nowEv");
int real_epoll_wait(int epoll, epoll_event* events, int most, int timeout) asm("__real_epoll_wait");
int real_timerfd_create(int clock, int flags) asm("__real_timerfd_create");

Steady::time_point wrapped_now() noexcept asm("__wrap__ZNSt6chrono3_V212steady_clock3nowEv");
int wrapped_epoll_wait(int epoll, epoll_event* events, int most, int timeout) asm("__wrap_epoll_wait");
int wrapped_timerfd_create(int clock, int flags) asm("__wrap_timerfd_create");

Steady::time_point wrapped_now() noexcept { return virtual_times > 0 ? virtual_now : real_now(); }

int wrapped_epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  if (virtual_times == 0 || timeout < 0) return real_epoll_wait(epoll, events, most, timeout);
  for (;;) {
    // A real peer gets a moment even if time may pass: what it has just sent may be on its way.
    int ready = real_epoll_wait(epoll, events, most, may_pass && timeout > 0 ? 1 : 0);
    if (ready != 0 || timeout == 0) return ready;
    if (may_pass && !may_pass()) continue;
    virtual_now += std::chrono::milliseconds(timeout);
    return 0;
  }
}

// Without a timerfd Asio gives the time that it would wait to epoll_wait.
int wrapped_timerfd_create(int clock, int flags) {
  if (virtual_times == 0) return real_timerfd_create(clock, flags);
  errno = ENODEV;
  return -1;
}

namespace mtasts::fake {

VirtualTime::VirtualTime() : VirtualTime(std::function<bool()>()) {}

VirtualTime::VirtualTime(std::function<bool()> passes) {
  if (virtual_times++ == 0) virtual_now = real_now();
  if (passes) may_pass = std::move(passes);
}

VirtualTime::~VirtualTime() {
  --virtual_times;
  may_pass = nullptr;
}

void VirtualTime::pass(std::chrono::nanoseconds time) noexcept { virtual_now += time; }

}  // namespace mtasts::fake
