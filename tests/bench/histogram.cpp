#include "tests/bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mtasts::bench {
namespace {

constexpr unsigned sub_bits = 7;
constexpr std::uint64_t sub_count = 1u << sub_bits;
constexpr std::uint64_t greatest = (1ull << 40) - 1;

// How far a value is shifted to keep the leading one and sub_bits after it.
constexpr unsigned shift_of(std::uint64_t value) noexcept {
  auto width = static_cast<unsigned>(std::bit_width(value));
  return width <= sub_bits + 1 ? 0 : width - sub_bits - 1;
}

constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
  unsigned shift = shift_of(value);
  return static_cast<std::size_t>(shift * sub_count + (value >> shift));
}

// The middle of a bucket's values.
double middle_of(std::size_t bucket) noexcept {
  if (bucket < 2 * sub_count) return static_cast<double>(bucket);
  auto shift = bucket / sub_count - 1;
  auto first = (bucket - shift * sub_count) << shift;
  return static_cast<double>(first) + static_cast<double>((1ull << shift) - 1) / 2;
}

}  // namespace

Histogram::Histogram() : buckets_(bucket_of(greatest) + 1) {}

void Histogram::add(std::uint64_t value) noexcept {
  ++buckets_[bucket_of(std::min(value, greatest))];
  ++count_;
  sum_ += static_cast<double>(value);
  max_ = std::max(max_, value);
}

void Histogram::clear() noexcept {
  std::ranges::fill(buckets_, 0);
  count_ = max_ = 0;
  sum_ = 0;
}

double Histogram::mean() const noexcept { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

double Histogram::quantile(double q) const noexcept {
  auto wanted = std::max(1.0, std::ceil(q * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (static_cast<double>(seen) >= wanted) return std::min(middle_of(bucket), static_cast<double>(max_));
  }
  return 0;
}

}  // namespace mtasts::bench
