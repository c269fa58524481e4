// poll_loop - one thread's loop over many descriptors, for the answer threads (docs/adr/0008).
//
// epoll is level-triggered: nobody has to read until EAGAIN. So a request on a busy
// thread costs one recv, one send and its share of an epoll_wait, and allocates nothing. Other threads call
// post() and stop() only; the loop takes their lock only when something was posted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/result.hpp"
#include "sys/fd.hpp"

namespace mtasts {

class PollLoop {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  using Task = std::move_only_function<void()>;

  // Something with a descriptor. It must live until the end of the turn in which it stopped being watched.
  class Watched {
   public:
    virtual ~Watched() = default;
    virtual void ready() = 0;  // one of its events happened, or an error, or the other side is gone
  };

  // Fault::config: the system gave no descriptor; detail says why.
  static Result<std::unique_ptr<PollLoop>> make();

  // Any thread. Tasks run on the loop's thread. One posted after the loop has ended is destroyed with the
  // loop and never runs.
  void post(Task task);
  void stop();

  // Only on the loop's thread:
  //
  // Runs until stop(). Calls turned() after each turn over what is ready, and at least once a second.
  void run(const std::function<void()>& turned);
  // events: EPOLLIN, EPOLLOUT or 0; errors are always reported. False: the system has no memory for it.
  bool watch(int descriptor, std::uint32_t events, Watched& watched) noexcept;
  void change(int descriptor, std::uint32_t events, Watched& watched) noexcept;
  void at(Moment when, Task task);              // runs the task at that time, or in the first turn after it
  Moment now() const noexcept { return now_; }  // when the current turn began
  static Moment coarse_now() noexcept;          // cheap; at most some milliseconds old

 private:
  PollLoop(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  int patience() const noexcept;
  void run_posted();
  void run_due();

  Fd epoll_, wake_;
  std::atomic<bool> stopping_{false}, has_posted_{false};
  Moment now_ = std::chrono::steady_clock::now();
  std::multimap<Moment, Task> timed_;
  std::mutex mutex_;
  std::vector<Task> posted_;
};

}  // namespace mtasts
