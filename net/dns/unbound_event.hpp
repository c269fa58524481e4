// unbound_event - one event of libunbound, with the meaning that libevent(3) gives it: a descriptor, a
// timeout or both. Part of unbound_events.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <optional>

#include "net/dns/unbound_events.hpp"

namespace mtasts {

// A persistent event stays active, and each call starts its timeout again. Any other event ends with its
// first call.
struct UnboundEvent : ub_event {
  UnboundEvents* base = nullptr;
  int descriptor = -1;
  short bits = 0;
  void (*call)(int, short, void*) = nullptr;
  void* argument = nullptr;
  UnboundEvents::Clock::duration time{};
  std::optional<UnboundEvents::Timers::iterator> timer;
  std::uint64_t number = 0;  // 0: the descriptor is not watched

  bool watch();
  void unwatch() noexcept;
  void start_timer();
  void restart_timer() noexcept;
  void stop_timer() noexcept;
  int start(const timeval* after) noexcept;
  void stop() noexcept;
  void fire(short why);
};

// Makes an event that is not active yet. libunbound frees it through the event's own function table. nullptr:
// out of memory.
ub_event* new_unbound_event(ub_event_base* base, int descriptor, short bits, void (*call)(int, short, void*),
                            void* argument) noexcept;

}  // namespace mtasts
