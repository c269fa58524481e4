// draw - chooses the key to ask for next: at random, by Zipf's law, or each once.
//
// All are small values. They are deterministic from their seed, and draw in O(1) without allocating.
#pragma once

#include <cstdint>
#include <optional>

namespace mtasts::bench {

// SplitMix64 (Steele, Lea, Flood 2014): fast, and random enough to choose keys.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept;
  double unit() noexcept;                             // 0 ≤ u < 1
  std::uint64_t below(std::uint64_t count) noexcept;  // 0 … count-1; evenly enough for count < 2^32

 private:
  std::uint64_t state_;
};

// Draws ranks 1 … count, rank k with a probability proportional to k^-exponent, by rejection-inversion
// (Hörmann and Derflinger 1996): it needs no table, and about 1.1 tries for each draw.
class Zipf {
 public:
  Zipf(std::uint64_t count, double exponent) noexcept;  // REQUIRES: count ≥ 1, exponent > 0
  std::uint64_t rank(Random& random) const noexcept;

 private:
  double integral(double x) const noexcept;
  double inverse(double x) const noexcept;
  double weight(double x) const noexcept;
  double count_, exponent_, first_, last_, shortcut_;
};

// A permutation of 0 … count-1 that moves neighbours far apart, so that popular keys are not neighbours in
// the B-tree.
class Scatter {
 public:
  explicit Scatter(std::uint64_t count) noexcept;  // REQUIRES: 1 ≤ count < 2^32
  std::uint64_t operator()(std::uint64_t n) const noexcept { return n * step_ % count_; }

 private:
  std::uint64_t count_, step_;
};

enum class OrderKind { uniform, zipf, once };

class Order {
 public:
  // Chooses among the keys 0 … count-1. exponent is for zipf only.
  Order(OrderKind kind, std::uint64_t count, double exponent, std::uint64_t seed) noexcept;
  std::optional<std::uint64_t> next() noexcept;  // nullopt: each key was returned once (once only)

 private:
  OrderKind kind_;
  std::uint64_t count_, asked_ = 0;
  Random random_;
  Zipf zipf_;
  Scatter scatter_;
};

}  // namespace mtasts::bench
