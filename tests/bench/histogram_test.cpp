#include "tests/bench/histogram.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <vector>

#include "tests/bench/draw.hpp"

using namespace mtasts::bench;
using Catch::Approx;

namespace {

// Latencies spread over many powers of two, sorted.
std::vector<std::uint64_t> durations(std::size_t count, double greatest_log) {
  Random random(7);
  std::vector<std::uint64_t> values(count);
  for (auto& value : values) value = static_cast<std::uint64_t>(std::exp2(greatest_log * random.unit()));
  std::ranges::sort(values);
  return values;
}

}  // namespace

TEST_CASE("quantiles are those of the sorted values, to half a percent", "[bench]") {
  auto greatest_log = GENERATE(5.0, 9.0, 20.0, 39.0);
  auto values = durations(10'000, greatest_log);
  Histogram histogram;
  for (auto value : values) histogram.add(value);
  for (double q : {0.0001, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    INFO("up to 2^" << greatest_log << ", quantile " << q);
    auto place = static_cast<std::size_t>(std::ceil(q * 10'000)) - 1;
    CHECK(histogram.quantile(q) == Approx(values[place]).epsilon(0.004));
  }
  CHECK(histogram.count() == 10'000);
  CHECK(histogram.max() == values.back());
}

TEST_CASE("a quantile between two values is the greater one", "[bench]") {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 10; ++value) histogram.add(value);
  CHECK(histogram.quantile(0.5) == 5);
  CHECK(histogram.quantile(0.51) == 6);
  CHECK(histogram.quantile(0.99) == 10);
}

TEST_CASE("histogram: no value, one value, the greatest value", "[bench]") {
  Histogram histogram;
  CHECK(histogram.quantile(0.5) == 0);
  CHECK(histogram.mean() == 0);
  histogram.add(1'000'003);
  CHECK(histogram.quantile(0) == Approx(1'000'003).epsilon(0.004));
  CHECK(histogram.quantile(1) <= 1'000'003);
  CHECK(histogram.mean() == 1'000'003);
  histogram.add(~std::uint64_t{0});
  CHECK(histogram.max() == ~std::uint64_t{0});
  CHECK(histogram.quantile(1) > 1e12);
  histogram.clear();
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(1) == 0);
}
