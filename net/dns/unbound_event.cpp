#include "net/dns/unbound_event.hpp"

#include <sys/epoll.h>

#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <utility>

namespace mtasts {

bool UnboundEvent::watch() {
  if (descriptor < 0 || (bits & (UB_EV_READ | UB_EV_WRITE)) == 0) return true;
  epoll_event wanted{};
  if ((bits & UB_EV_READ) != 0) wanted.events |= EPOLLIN;
  if ((bits & UB_EV_WRITE) != 0) wanted.events |= EPOLLOUT;
  const std::uint64_t next = ++base->last_number_;
  wanted.data.u64 = next;
  base->watched_.emplace(next, this);
  if (epoll_ctl(base->epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, &wanted) != 0) {
    base->watched_.erase(next);
    return false;
  }
  number = next;
  return true;
}

void UnboundEvent::unwatch() noexcept {
  if (number == 0) return;
  epoll_ctl(base->epoll_.native_handle(), EPOLL_CTL_DEL, descriptor, nullptr);
  base->watched_.erase(std::exchange(number, 0));
}

void UnboundEvent::start_timer() {
  timer = base->timers_.emplace(UnboundEvents::Clock::now() + time, this);
  base->arm();
}

// The new time is later than the old one, so the loop's timer need not be set again.
void UnboundEvent::restart_timer() noexcept {
  auto node = base->timers_.extract(*timer);
  node.key() = UnboundEvents::Clock::now() + time;
  timer = base->timers_.insert(std::move(node));
}

void UnboundEvent::stop_timer() noexcept {
  if (timer) base->timers_.erase(*std::exchange(timer, std::nullopt));
}

// If this fails, libunbound gives up the question.
int UnboundEvent::start(const timeval* after) noexcept try {
  stop();
  if (!watch()) return -1;
  if (after == nullptr) return 0;
  time = std::chrono::seconds(after->tv_sec) + std::chrono::microseconds(after->tv_usec);
  start_timer();
  return 0;
} catch (const std::exception&) {  // no memory
  stop();
  return -1;
}

void UnboundEvent::stop() noexcept {
  unwatch();
  stop_timer();
}

// The event may be freed during the call.
void UnboundEvent::fire(short why) {
  if ((bits & UB_EV_PERSIST) == 0) {
    stop();
  } else if (timer) {
    restart_timer();
  }
  call(descriptor, why, argument);
}

namespace {

UnboundEvent& of(ub_event* event) noexcept { return *static_cast<UnboundEvent*>(event); }

// unbound-event.h: changing an event's bits or its descriptor makes it inactive.
void add_bits(ub_event* event, short bits) noexcept {
  of(event).stop();
  of(event).bits = static_cast<short>(of(event).bits | bits);
}

void delete_bits(ub_event* event, short bits) noexcept {
  of(event).stop();
  of(event).bits = static_cast<short>(of(event).bits & ~bits);
}

void set_descriptor(ub_event* event, int descriptor) noexcept {
  of(event).stop();
  of(event).descriptor = descriptor;
}

void free_event(ub_event* event) noexcept {
  of(event).stop();
  delete &of(event);
}

int add(ub_event* event, timeval* after) noexcept { return of(event).start(after); }

int remove(ub_event* event) noexcept {
  of(event).stop();
  return 0;
}

int add_timer(ub_event* event, ub_event_base*, void (*call)(int, short, void*), void* argument,
              timeval* after) noexcept {
  of(event).call = call;
  of(event).argument = argument;
  return of(event).start(after);
}

// Signals, and Windows: libunbound does not call these.
int no_signal(ub_event*, timeval*) noexcept { return -1; }
int no_signal(ub_event*) noexcept { return -1; }
void no_windows(ub_event*) noexcept {}
void no_windows(ub_event*, int) noexcept {}

ub_event_vmt event_functions{.add_bits = add_bits,
                             .del_bits = delete_bits,
                             .set_fd = set_descriptor,
                             .free = free_event,
                             .add = add,
                             .del = remove,
                             .add_timer = add_timer,
                             .del_timer = remove,
                             .add_signal = no_signal,
                             .del_signal = no_signal,
                             .winsock_unregister_wsaevent = no_windows,
                             .winsock_tcp_wouldblock = no_windows};

}  // namespace

ub_event* new_unbound_event(ub_event_base* base, int descriptor, short bits, void (*call)(int, short, void*),
                            void* argument) noexcept try {
  auto event = std::make_unique<UnboundEvent>();
  event->magic = UB_EVENT_MAGIC;
  event->vmt = &event_functions;
  event->base = static_cast<UnboundEvents*>(base);
  event->descriptor = descriptor;
  event->bits = bits;
  event->call = call;
  event->argument = argument;
  return event.release();
} catch (const std::bad_alloc&) {
  return nullptr;
}

}  // namespace mtasts
