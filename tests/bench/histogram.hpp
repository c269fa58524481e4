// histogram - counts durations in log-linear buckets, 128 for each power of two.
//
// The unit is nanoseconds, but nothing here depends on it. Quantiles below 256 are exact; above, they are off
// by at most 0.4 % (half a bucket). count, mean and max are exact. Values from 2^40 (18 minutes) up share the
// last bucket. add() takes a few instructions and allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mtasts::bench {

class Histogram {
 public:
  Histogram();

  void add(std::uint64_t value) noexcept;
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept;  // 0 if nothing was added
  // The smallest value that the share q (0 to 1) of all values does not exceed; 0 if nothing was added.
  double quantile(double q) const noexcept;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0, max_ = 0;
  double sum_ = 0;
};

}  // namespace mtasts::bench
