// unbound_events - the sockets and timers of a libunbound context, served by an Asio loop (UB-16).
//
// libunbound then works on the loop's thread; it has no thread of its own, and nothing goes through a pipe.
// It expects level-triggered descriptors. So they are in an epoll set of their own, and the loop waits for
// that set as for one descriptor.
#pragma once

#include <unbound-event.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "core/result.hpp"

namespace mtasts {

struct UnboundEvent;

// The event base for ub_ctx_create_ub_event(). It must outlive the context. For the loop's thread only.
class UnboundEvents final : public ub_event_base, public std::enable_shared_from_this<UnboundEvents> {
 public:
  using Clock = std::chrono::steady_clock;
  using Timers = std::multimap<Clock::time_point, UnboundEvent*>;

  // The loop calls on_due when there is something to run(), until close(). Fault::config: out of file
  // descriptors.
  static Result<std::shared_ptr<UnboundEvents>> make(boost::asio::io_context& loop,
                                                     std::function<void()> on_due);
  UnboundEvents(boost::asio::io_context& loop, int epoll, std::function<void()> on_due);
  UnboundEvents(const UnboundEvents&) = delete;
  UnboundEvents& operator=(const UnboundEvents&) = delete;

  // Lets libunbound handle the descriptors that are ready, and then the timers that were due when this began:
  // so an answer that is there is never taken for late. libunbound's callbacks run inside. Handles a limited
  // number of descriptors; on_due is called again for the rest.
  void run();
  // Stops calling on_due. To be called after the context is deleted.
  void close();

 private:
  friend UnboundEvent;

  void wait();
  void arm();
  bool run_ready();
  void run_due(Clock::time_point now);

  std::function<void()> on_due_;
  boost::asio::posix::stream_descriptor epoll_;
  boost::asio::steady_timer timer_;
  Clock::time_point armed_ = Clock::time_point::max();  // when timer_ ends
  Timers timers_;
  std::unordered_map<std::uint64_t, UnboundEvent*> watched_;  // by a number that is never used twice
  std::uint64_t last_number_ = 0;
};

}  // namespace mtasts
