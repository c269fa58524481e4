// system_clock - the time of day as the system gives it, for programs that decide nothing by it or run only
// for a moment. The daemon uses sys/watched_clock.hpp.
#pragma once

#include <chrono>

#include "ports/clock.hpp"

namespace mtasts {

struct SystemClock final : Clock {
  Moment moment() const noexcept override {
    return certain(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  }
};

}  // namespace mtasts
