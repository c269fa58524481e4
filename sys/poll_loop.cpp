#include "sys/poll_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mtasts {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds longest_turn{1000};
constexpr std::size_t events_at_once = 64;

// If memory runs out, the task is dropped: what it was for ends by its own limits, and the loop goes on.
void run_safely(PollLoop::Task& task) {
  try {
    task();
  } catch (const std::exception&) {
  }
}

}  // namespace

Result<std::unique_ptr<PollLoop>> PollLoop::make() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC)), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};  // nullptr: something was posted
  if (!epoll || !wake || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
    return fail(Fault::config, std::string("can't start an answer thread: ") + std::strerror(errno));
  return std::unique_ptr<PollLoop>(new PollLoop(std::move(epoll), std::move(wake)));
}

void PollLoop::post(Task task) {
  bool first = false;
  {
    std::scoped_lock hold(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
    has_posted_.store(true, std::memory_order_release);
  }
  if (first) ::eventfd_write(wake_.get(), 1);
}

void PollLoop::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  ::eventfd_write(wake_.get(), 1);
}

void PollLoop::run(const std::function<void()>& turned) {
  std::array<epoll_event, events_at_once> events;
  while (!stopping_.load(std::memory_order_relaxed)) {
    int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience());
    now_ = Steady::now();
    for (int i = 0; i < count; ++i) {
      auto* watched = static_cast<Watched*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (watched) watched->ready();
    }
    if (has_posted_.load(std::memory_order_acquire)) run_posted();  // even if its event was not among these
    run_due();
    turned();
  }
}

// Milliseconds, rounded up: waking too early would mean waking twice.
int PollLoop::patience() const noexcept {
  if (timed_.empty()) return static_cast<int>(longest_turn.count());
  auto left = std::chrono::ceil<milliseconds>(timed_.begin()->first - Steady::now());
  return static_cast<int>(std::clamp(left, milliseconds(0), longest_turn).count());
}

void PollLoop::run_posted() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  std::vector<Task> tasks;
  {
    std::scoped_lock hold(mutex_);
    tasks.swap(posted_);
    has_posted_.store(false, std::memory_order_release);
  }
  for (Task& task : tasks) run_safely(task);
}

void PollLoop::run_due() {
  while (!timed_.empty() && timed_.begin()->first <= now_) {
    auto first = timed_.extract(timed_.begin());
    run_safely(first.mapped());
  }
}

bool PollLoop::watch(int descriptor, std::uint32_t events, Watched& watched) noexcept {
  epoll_event event{.events = events, .data = {.ptr = &watched}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void PollLoop::change(int descriptor, std::uint32_t events, Watched& watched) noexcept {
  epoll_event event{.events = events, .data = {.ptr = &watched}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

// As steady_clock, but at the kernel's last tick.
PollLoop::Moment PollLoop::coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return Moment(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

void PollLoop::at(Moment when, Task task) { timed_.emplace(when, std::move(task)); }

}  // namespace mtasts
