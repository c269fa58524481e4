// condition_keeper - collects what goes wrong with the cache. Any thread may call it, except the answer
// threads: it takes a lock.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cache/condition.hpp"

namespace mtasts::cache {

class ConditionKeeper {
 public:
  // begun: what was found when the cache was opened.
  explicit ConditionKeeper(CacheCondition begun) : condition_(std::move(begun)) {}

  // The writer calls begin() before it does something that may have to wait for another process or the disk,
  // and end() when it is done. doing: for people; must live until end() or the next begin(). After 5 s, now()
  // reports it as writer_waits.
  void begin(const char* doing, Time now);
  void end();

  void commit_failed(std::string why, Time now);  // keeps the time of the first, and the reason of the last
  void committed();
  void must_restart(std::string why, Time now);
  void damaged(std::uint64_t lost, std::uint64_t salvaged, std::string set_aside, Time now);
  void readers(std::vector<HeldReader> held);

  // A copy of the condition. folder_gone is not set, because that needs a lookup in the file system.
  CacheCondition now() const;

 private:
  using Steady = std::chrono::steady_clock;
  mutable std::mutex mutex_;
  CacheCondition condition_;
  const char* doing_ = nullptr;
  Time doing_since_{};
  Steady::time_point doing_from_{};
};

}  // namespace mtasts::cache
