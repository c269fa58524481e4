// outage - when to try again to reach mtastsd, and when to log that it is away. Time is an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace mtasts {

class Outage {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds first_pause{250};
  static constexpr std::chrono::seconds longest_early_pause{5};  // within the first minute
  static constexpr std::chrono::seconds longest_pause{60};
  // While an outage is this young, mtastsd may just be restarting, so it is worth waiting for.
  static constexpr std::chrono::seconds restart_time{10};

  bool is_on() const noexcept { return began_.has_value(); }
  bool is_young(Moment now) const noexcept { return began_ && now - *began_ < restart_time; }
  Moment next_try() const noexcept { return next_try_; }  // REQUIRES: is_on()

  // Whether the caller may ask now. During an outage, one caller may at each next_try(), and the pause before
  // the following one begins.
  bool may_try(Moment now) noexcept {
    if (!began_) return true;
    if (now < next_try_) return false;
    plan(now);
    return true;
  }

  // An attempt failed. True: log it, which is once a minute.
  bool failed(Moment now) noexcept {
    if (!began_) {
      began_ = now;
      pause_ = first_pause / 2;
      plan(now);
    }
    if (logged_ && now - *logged_ < std::chrono::minutes(1)) return false;
    logged_ = now;
    told_ = true;
    return true;
  }

  // An attempt worked. True: log it, because this ended an outage that was logged.
  bool worked() noexcept {
    began_.reset();
    return std::exchange(told_, false);
  }

 private:
  void plan(Moment now) noexcept {
    bool early = now - *began_ < std::chrono::minutes(1);
    std::chrono::milliseconds most = early ? longest_early_pause : longest_pause;
    pause_ = std::min(pause_ * 2, most);
    next_try_ = now + pause_;
  }

  std::optional<Moment> began_, logged_;
  bool told_ = false;
  Moment next_try_{};
  std::chrono::milliseconds pause_{};
};

}  // namespace mtasts
