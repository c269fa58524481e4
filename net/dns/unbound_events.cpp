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

// libunbound calls none of those that are missing.
ub_event_base_vmt base_functions{.free = nullptr,
                                 .dispatch = nullptr,
                                 .loopexit = [](ub_event_base*, timeval*) { return 0; },
                                 .new_event = new_unbound_event,
                                 .new_signal = nullptr,
                                 .winsock_register_wsaevent = nullptr};

// As libevent has it: who waits learns of an error by what it waited for.
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

// The timer may come early, for an event that is no more, and is then set anew; it never comes late.
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
  run_ready();
  run_due();
}

void UnboundEvents::run_ready() {
  std::array<epoll_event, 64> ready;
  int count = epoll_wait(epoll_.native_handle(), ready.data(), ready.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event told = ready[static_cast<std::size_t>(i)];
    const std::uint64_t number = told.data.u64;  // epoll_event is packed
    auto found = watched_.find(number);
    if (found == watched_.end()) continue;  // an earlier call ended it
    if (short why = bits_of(told.events, found->second->bits)) found->second->fire(why);
  }
}

void UnboundEvents::run_due() {
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) timers_.begin()->second->fire(UB_EV_TIMEOUT);
}

}  // namespace mtasts
