// lately - tells whether something was done for a key a short while ago. It is a small table of fixed size,
// without heap: a key may push out another one, so first() may return true too early. For one thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "core/time.hpp"

namespace mtasts {

class Lately {
 public:
  explicit Lately(std::chrono::seconds interval) : interval_(interval) {}

  // True if it was not done for this hash within the interval; then notes that it is done now.
  bool first(std::size_t hash, Time now) noexcept {
    Slot& slot = slots_[hash % slots_.size()];
    if (slot.hash == hash && now >= slot.at && now - slot.at < interval_) return false;
    slot = {hash, now};
    return true;
  }

 private:
  struct Slot {
    std::size_t hash = 0;
    Time at{};
  };
  std::chrono::seconds interval_;
  std::array<Slot, 1024> slots_{};
};

}  // namespace mtasts
