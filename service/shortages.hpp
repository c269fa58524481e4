// shortages - notes when this process last ran short of something, for `status` and the log.
//
// Any thread notes a shortage; the admin thread reads it. A shortage is reported for ten minutes, because
// nothing else shows what was turned away.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mtasts {

enum class Shortage : std::uint8_t {
  descriptors,  // EMFILE, ENFILE or no memory for a socket
  fetches,      // a policy was not fetched because too many policy hosts were slow at once
  connections,  // refused, because [limits] connections or the limit of open files was reached
};

class Shortages {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes remembered{10};

  void note(Shortage kind, Moment now = std::chrono::steady_clock::now()) noexcept {
    cell(kind).store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  bool lately(Shortage kind, Moment now = std::chrono::steady_clock::now()) const noexcept {
    auto at = last_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
    return at != never && now - Moment(Moment::duration(at)) < remembered;
  }

 private:
  using Count = Moment::duration::rep;
  static constexpr Count never = INT64_MIN;
  std::atomic<Count>& cell(Shortage kind) noexcept { return last_[static_cast<std::size_t>(kind)]; }

  std::array<std::atomic<Count>, 3> last_{never, never, never};
};

}  // namespace mtasts
