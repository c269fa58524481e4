// condition_keeper - gathers what goes wrong with the cache, from any thread but the answer threads.
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
  // begun: what the opening met.
  explicit ConditionKeeper(CacheCondition begun) : condition_(std::move(begun)) {}

  // The writer begins what may have to wait for others, or for the disk; or has done with it.
  void begin(const char* doing, Time now);
  void end();

  void commit_failed(std::string why, Time now);  // keeps the time of the first
  void committed();
  void must_restart(std::string why, Time now);
  void damaged(std::uint64_t lost, std::uint64_t salvaged, std::string set_aside, Time now);
  void readers(std::vector<HeldReader> held);

  // Without what has to be looked up in the file system.
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
