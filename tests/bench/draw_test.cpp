#include "tests/bench/draw.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <set>
#include <vector>

using namespace mtasts::bench;
using Catch::Approx;

namespace {

// By definition: k^-exponent divided by the sum over all ranks.
double share_of_rank(std::uint64_t rank, std::uint64_t count, double exponent) {
  double sum = 0;
  for (std::uint64_t k = count; k > 0; --k) sum += std::pow(static_cast<double>(k), -exponent);
  return std::pow(static_cast<double>(rank), -exponent) / sum;
}

}  // namespace

TEST_CASE("Zipf: ranks are as frequent as its law says, and none is out of range", "[bench]") {
  auto count = GENERATE(std::uint64_t{1}, std::uint64_t{10}, std::uint64_t{1'000'000});
  auto exponent = GENERATE(0.8, 1.0, 1.5);
  INFO(count << " ranks, exponent " << exponent);
  constexpr int draws = 300'000;
  Zipf zipf(count, exponent);
  Random random(1);
  std::vector<int> seen(count + 1);
  for (int i = 0; i < draws; ++i) ++seen.at(zipf.rank(random));
  CHECK(seen[0] == 0);
  for (std::uint64_t rank : {1u, 2u, 7u}) {
    if (rank > count) continue;
    double share = share_of_rank(rank, count, exponent);
    double deviation = std::sqrt(share * (1 - share) / draws);
    CHECK(seen[rank] / double{draws} == Approx(share).margin(5 * deviation + 1e-9));
  }
}

TEST_CASE("scattered numbers are all the numbers, and neighbours are apart", "[bench]") {
  auto count = GENERATE(std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{10}, std::uint64_t{99'991},
                        std::uint64_t{100'000});
  Scatter scatter(count);
  std::vector<bool> seen(count);
  for (std::uint64_t n = 0; n < count; ++n) seen.at(scatter(n)) = true;
  CHECK(std::ranges::count(seen, false) == 0);
  if (count < 1000) return;
  std::set<std::uint64_t> hot;
  for (std::uint64_t n = 0; n < 100; ++n) hot.insert(scatter(n));
  for (auto a = hot.begin(), b = std::next(a); b != hot.end(); ++a, ++b) CHECK(*b - *a > count / 1000);
}

TEST_CASE("an order: once ends, the others go on, and all keys are in range", "[bench]") {
  Order once(OrderKind::once, 5, 1, 1);
  for (std::uint64_t n = 0; n < 5; ++n) CHECK(once.next() == n);
  CHECK(once.next() == std::nullopt);
  CHECK(once.next() == std::nullopt);
  for (auto kind : {OrderKind::uniform, OrderKind::zipf}) {
    Order order(kind, 5, 1, 1);
    std::vector<int> seen(5);
    for (int i = 0; i < 10'000; ++i) ++seen.at(order.next().value());
    for (int times : seen) CHECK(times > 300);
  }
}

TEST_CASE("uniform: every key as often as the others", "[bench]") {
  Random random(3);
  std::vector<int> seen(10);
  for (int i = 0; i < 100'000; ++i) ++seen.at(random.below(10));
  for (int times : seen) CHECK(times == Approx(10'000).margin(500));
}
