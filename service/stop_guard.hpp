// stop_guard - ends the process if an orderly stop takes too long. A store that waits for somebody else's
// lock, a log whose reader does not read, or a hung disk must not keep a service manager, or a shutdown,
// waiting.
//
// It watches SIGTERM and SIGINT on a thread of its own: the main thread may be the one that is stuck. A
// thread that waits within the kernel for a disk can't be ended by anybody; the process then goes when the
// disk is back.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

namespace mtasts {

class StopGuard {
 public:
  using Tell = std::function<void(std::string_view line)>;

  // From limit after the first signal on, the process ends with status 1. tell is called before, on the
  // guard's thread; it must not block.
  StopGuard(std::chrono::milliseconds limit, Tell tell);
  ~StopGuard();  // the stop has come to its end
  StopGuard(const StopGuard&) = delete;
  StopGuard& operator=(const StopGuard&) = delete;

  // What the stop waits for now, as "the cache's last commit". Static words; any thread.
  void waits_for(const char* what) noexcept { waits_for_.store(what, std::memory_order_relaxed); }
  void forget_tell();  // the log goes; what is left to say goes to standard error if that takes it

 private:
  void await_signal();
  [[noreturn]] void end();

  std::chrono::milliseconds limit_;
  std::atomic<const char*> waits_for_{"the main thread"};
  std::mutex mutex_;  // tell_
  Tell tell_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  boost::asio::steady_timer timer_{loop_};
  std::thread thread_;
};

}  // namespace mtasts
