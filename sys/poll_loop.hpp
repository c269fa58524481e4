// poll_loop - one thread's loop over many descriptors, for the answer threads (docs/adr/0008).
//
// Level-triggered epoll: what was read is not asked for again, so that a request on a busy thread costs one
// recv, one send and its share of an epoll_wait, and nothing is made on the heap. Other threads reach it by
// post() and stop() alone, whose lock the loop takes only when something was posted.
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

  // What has a descriptor. It must live until the turn in which it stopped being watched is over.
  class Watched {
   public:
    virtual ~Watched() = default;
    virtual void ready() = 0;  // for one of the events it waits for, or an error, or the other side is gone
  };

  static Result<std::unique_ptr<PollLoop>> make();

  // Any thread. A task runs on the loop's thread; one posted after the loop has ended is dropped with it.
  void post(Task task);
  void stop();

  // The loop's thread:
  // Until stop(). After each turn over what is ready, turned() is called, at the latest a second after the
  // last time.
  void run(const std::function<void()>& turned);
  // events: EPOLLIN, EPOLLOUT or 0; errors are reported always. False: the system has no memory for it.
  bool watch(int descriptor, std::uint32_t events, Watched& watched) noexcept;
  void change(int descriptor, std::uint32_t events, Watched& watched) noexcept;
  void at(Moment when, Task task);
  Moment now() const noexcept { return now_; }  // when the turn began
  static Moment coarse_now() noexcept;          // some milliseconds old at most, and cheap

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
