#include "tests/bench/draw.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mtasts::bench {
namespace {

// log(1 + x) / x and (exp(x) - 1) / x, accurate also for x near 0.
double log1p_over(double x) noexcept { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }
double expm1_over(double x) noexcept { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }

}  // namespace

std::uint64_t Random::next() noexcept {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

double Random::unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint64_t Random::below(std::uint64_t count) noexcept { return (next() >> 32) * count >> 32; }

Zipf::Zipf(std::uint64_t count, double exponent) noexcept
    : count_(static_cast<double>(count)), exponent_(exponent) {
  first_ = integral(1.5) - 1;
  last_ = integral(count_ + 0.5);
  shortcut_ = 2 - inverse(integral(2.5) - weight(2));
}

double Zipf::weight(double x) const noexcept { return std::exp(-exponent_ * std::log(x)); }

double Zipf::integral(double x) const noexcept {
  double log_x = std::log(x);
  return expm1_over((1 - exponent_) * log_x) * log_x;
}

double Zipf::inverse(double x) const noexcept {
  double t = std::max(-1.0, x * (1 - exponent_));
  return std::exp(log1p_over(t) * x);
}

std::uint64_t Zipf::rank(Random& random) const noexcept {
  for (;;) {
    double u = last_ + random.unit() * (first_ - last_);
    double x = inverse(u);
    double k = std::clamp(std::floor(x + 0.5), 1.0, count_);
    if (k - x <= shortcut_ || u >= integral(k + 0.5) - weight(k)) return static_cast<std::uint64_t>(k);
  }
}

// The step is about the golden section of count, which keeps the first few numbers far from each other.
Scatter::Scatter(std::uint64_t count) noexcept
    : count_(count), step_(static_cast<std::uint64_t>(static_cast<double>(count) * 0.6180339887)) {
  step_ = std::max<std::uint64_t>(step_, 1);
  while (std::gcd(step_, count_) != 1) ++step_;
}

Order::Order(OrderKind kind, std::uint64_t count, double exponent, std::uint64_t seed) noexcept
    : kind_(kind), count_(count), random_(seed), zipf_(count, exponent), scatter_(count) {}

std::optional<std::uint64_t> Order::next() noexcept {
  switch (kind_) {
    case OrderKind::uniform: return random_.below(count_);
    case OrderKind::zipf: return scatter_(zipf_.rank(random_) - 1);
    case OrderKind::once: break;
  }
  if (asked_ == count_) return std::nullopt;
  return asked_++;
}

}  // namespace mtasts::bench
