// draw - which key is asked next: at random, by Zipf's law, or each once in order.
//
// Everything is a small value, deterministic from its seed, and draws in O(1) without allocating.
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
  std::uint64_t below(std::uint64_t count) noexcept;  // 0 … count-1, count < 2^32 evenly enough

 private:
  std::uint64_t state_;
};

// Ranks 1 … count, rank k with a probability in proportion to k^-exponent. By rejection-inversion (Hörmann
// and Derflinger 1996): no table, about 1.1 tries a draw.
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

// A bijection of 0 … count-1 that puts neighbours far apart: hot ranks must not be neighbours in the B-tree.
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
  // Of the keys 0 … count-1; exponent counts for zipf only.
  Order(OrderKind kind, std::uint64_t count, double exponent, std::uint64_t seed) noexcept;
  std::optional<std::uint64_t> next() noexcept;  // nullopt: each was asked once

 private:
  OrderKind kind_;
  std::uint64_t count_, asked_ = 0;
  Random random_;
  Zipf zipf_;
  Scatter scatter_;
};

}  // namespace mtasts::bench
