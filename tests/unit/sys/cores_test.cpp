#include "sys/cores.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace mtasts;

TEST_CASE("cores by cgroup quota", "[cores]") {
  struct Row {
    const char* cpu_max;
    unsigned want;
  };
  auto row = GENERATE(values<Row>({{"max 100000", 0},
                                   {"200000 100000", 2},
                                   {"150000 100000", 2},
                                   {"50000 100000", 1},
                                   {"", 0},
                                   {"x", 0},
                                   {"5", 0},
                                   {"5 0", 0}}));
  INFO(row.cpu_max);
  CHECK(quota_cores(row.cpu_max) == row.want);
  CHECK(usable_cores() >= 1);
}
