// unbound_event - one event of libunbound's, as libevent(3) has them: a descriptor, a time or both. For
// unbound_events.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <optional>

#include "net/dns/unbound_events.hpp"

namespace mtasts {

// A persistent event stays, and its time begins anew with each call; any other is over with the first.
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

// Not active yet; freed by its own function. nullptr: no memory.
ub_event* new_unbound_event(ub_event_base* base, int descriptor, short bits, void (*call)(int, short, void*),
                            void* argument) noexcept;

}  // namespace mtasts
