#include "net/dns/unbound_events.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "net/dns/unbound_event.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

// Enough for all that can be ready at once, except in an attack: a question has one descriptor, or a few.
constexpr std::size_t ready_at_once = 64, most_ready = 64 * ready_at_once;

ub_event_base_vmt base_functions{
    .free = [](ub_event_base*) {},  // called for a worker that can't be set up; the base is ours
    .dispatch = [](ub_event_base*) { return -1; },
    .loopexit = [](ub_event_base*, timeval*) { return 0; },
    .new_event = new_unbound_event,
    .new_signal = [](ub_event_base*, int, void (*)(int, short, void*), void*) -> ub_event* {
      return nullptr;
    },
    .winsock_register_wsaevent = [](ub_event_base*, void*, void (*)(int, short, void*), void*) -> ub_event* {
      return nullptr;
    }};

// As in libevent: an error is reported as what the event waited for.
short bits_of(std::uint32_t ready, short wanted) noexcept {
  short found = 0;
  if ((ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) found |= UB_EV_READ;
  if ((ready & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) found |= UB_EV_WRITE;
  return static_cast<short>(found & wanted);
}

}  // namespace

Result<std::shared_ptr<UnboundEvents>> UnboundEvents::make(asio::io_context& loop,
                                                           std::function<void()> on_due) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0)
    return fail(Fault::config, "libunbound can't start: " + std::generic_category().message(errno));
  auto events = std::make_shared<UnboundEvents>(loop, epoll, std::move(on_due));
  events->wait();
  return events;
}

UnboundEvents::UnboundEvents(asio::io_context& loop, int epoll, std::function<void()> on_due)
    : ub_event_base{.magic = UB_EVENT_MAGIC, .vmt = &base_functions},
      on_due_(std::move(on_due)),
      epoll_(loop, epoll),
      timer_(loop) {}

void UnboundEvents::close() {
  boost::system::error_code ignored;
  epoll_.close(ignored);
  timer_.cancel();
}

void UnboundEvents::wait() {
  epoll_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](const boost::system::error_code& error) {
                      auto self = weak.lock();
                      if (!self || error || !self->epoll_.is_open()) return;
                      self->on_due_();
                      if (self->epoll_.is_open()) self->wait();
                    });
}

// The timer may fire early, for an event that is gone; it is then set again. It never fires late.
void UnboundEvents::arm() {
  if (timers_.empty() || timers_.begin()->first >= armed_) return;
  armed_ = timers_.begin()->first;
  timer_.expires_at(armed_);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    auto self = weak.lock();
    if (!self || error || !self->epoll_.is_open()) return;
    self->armed_ = Clock::time_point::max();
    self->on_due_();
    if (self->epoll_.is_open()) self->arm();
  });
}

void UnboundEvents::run() {
  const auto now = Clock::now();  // what is ready by now is in time, however long the rest takes
  for (std::size_t left = most_ready; left > 0 && run_ready(); left -= ready_at_once) {
  }
  run_due(now);
}

// True if more may be ready.
bool UnboundEvents::run_ready() {
  std::array<epoll_event, ready_at_once> ready;
  int count = epoll_wait(epoll_.native_handle(), ready.data(), ready.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event told = ready[static_cast<std::size_t>(i)];
    const std::uint64_t number = told.data.u64;  // epoll_event is packed
    auto found = watched_.find(number);
    if (found == watched_.end()) continue;  // an earlier call has ended it
    if (short why = bits_of(told.events, found->second->bits)) found->second->fire(why);
  }
  return count == static_cast<int>(ready.size());
}

void UnboundEvents::run_due(Clock::time_point now) {
  while (!timers_.empty() && timers_.begin()->first <= now) timers_.begin()->second->fire(UB_EV_TIMEOUT);
}

}  // namespace mtasts
