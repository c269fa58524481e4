// stop_guard - ends the process if an orderly stop takes too long. A store that waits for another process's
// lock, a log whose reader does not read, or a hung disk must not delay a service manager or a shutdown.
//
// It watches SIGTERM and SIGINT on a thread of its own, because the main thread may be the one that is stuck.
// Nothing can end a thread that waits for a disk inside the kernel; the process then ends when the disk is
// back.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace mtasts {

class StopGuard {
 public:
  using Tell = std::function<void(std::string_view line)>;

  // If the process still runs when limit has passed since the first signal, the guard calls tell and ends the
  // process with status 1. tell runs on the guard's thread and must not block. program: its name, for lines
  // on standard error.
  StopGuard(std::string program, std::chrono::milliseconds limit, Tell tell);
  ~StopGuard();  // the stop is complete: the guard no longer acts
  StopGuard(const StopGuard&) = delete;
  StopGuard& operator=(const StopGuard&) = delete;

  // Says what the stop waits for now, for example "the last commit to the cache". what must live for ever, as
  // a literal does. Any thread may call it.
  void waits_for(const char* what) noexcept { waits_for_.store(what, std::memory_order_relaxed); }
  void forget_tell();  // before the log is destroyed: from now on the guard writes to standard error, if that
                       // does not block

 private:
  void await_signal();
  [[noreturn]] void end();

  std::string program_;
  std::chrono::milliseconds limit_;
  std::atomic<const char*> waits_for_{"the main thread"};
  std::mutex mutex_;  // guards tell_
  Tell tell_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  boost::asio::steady_timer timer_{loop_};
  std::thread thread_;
};

}  // namespace mtasts
