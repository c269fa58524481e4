// tally - counts what became of the messages. Any thread may add.
#pragma once

#include <atomic>
#include <cstdint>

#include "milter/session.hpp"

namespace mtasts {

class Tally {
 public:
  struct Counts {
    std::int64_t messages = 0, with_demand = 0;
    std::int64_t refused = 0, deferred = 0, unknown = 0, off_policy = 0;  // recipients
  };

  void add(const MessageReport& report) noexcept {
    add(messages_, 1);
    add(with_demand_, report.demand.empty() ? 0 : 1);
    add(refused_, report.refused);
    add(deferred_, report.deferred);
    add(unknown_, report.unknown);
    add(off_policy_, report.off_policy);
  }

  Counts now() const noexcept {
    return {messages_.load(), with_demand_.load(), refused_.load(),
            deferred_.load(), unknown_.load(),     off_policy_.load()};
  }

 private:
  using Counter = std::atomic<std::int64_t>;
  static void add(Counter& counter, std::size_t count) noexcept {
    counter.fetch_add(static_cast<std::int64_t>(count), std::memory_order_relaxed);
  }
  Counter messages_{0}, with_demand_{0}, refused_{0}, deferred_{0}, unknown_{0}, off_policy_{0};
};

}  // namespace mtasts
