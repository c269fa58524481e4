#include "service/stop_guard.hpp"

#include <poll.h>
#include <unistd.h>

#include <utility>

namespace mtasts {
namespace {

constexpr std::chrono::milliseconds time_to_write{300};  // for the log's writing thread

// Polls first, because a write to a full pipe would block. Standard error is shared with other processes, so
// it must not be made non-blocking.
void say_to_standard_error(std::string_view line) noexcept {
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nobody is left to be told
}

}  // namespace

StopGuard::StopGuard(std::string program, std::chrono::milliseconds limit, Tell tell)
    : program_(std::move(program)), limit_(limit), tell_(std::move(tell)) {
  await_signal();
  thread_ = std::thread([this] { loop_.run(); });
}

StopGuard::~StopGuard() {
  loop_.stop();
  thread_.join();
}

void StopGuard::forget_tell() {
  std::scoped_lock hold(mutex_);
  tell_ = nullptr;
}

void StopGuard::await_signal() {
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    timer_.expires_after(limit_);
    timer_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) end();
    });
  });
}

void StopGuard::end() {
  std::string line = "stopping takes too long: still waiting for ";
  line += waits_for_.load(std::memory_order_relaxed);
  line += "; the process ends now";
  {
    std::scoped_lock hold(mutex_);
    if (tell_)
      tell_(line);
    else
      say_to_standard_error(program_ + ": " + line + "\n");
  }
  std::this_thread::sleep_for(time_to_write);
  ::_exit(1);
}

}  // namespace mtasts
