#include "sys/descriptor_budget.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mtasts;

TEST_CASE("no part can take the descriptors of another", "[budget]") {
  for (std::size_t limit = 96; limit <= 2'000'000; limit += limit / 3) {
    CAPTURE(limit);
    auto budget = share_descriptors(limit);
    CHECK(budget.connections >= 1);
    CHECK(budget.dns >= 4);
    CHECK(budget.fetches >= 2);
    CHECK(budget.connections + 2 * (budget.dns + budget.dns_tcp) + budget.fetches + 64 <= limit);
  }
}

TEST_CASE("shares of usual limits", "[budget]") {
  struct Row {
    std::size_t limit, connections, dns, dns_tcp, fetches;
  };
  for (const Row& row : {Row{0, 1, 4, 1, 2}, Row{1024, 540, 120, 30, 120}, Row{4096, 2392, 504, 64, 504},
                         Row{524'288, 515'136, 4096, 64, 768}}) {
    CAPTURE(row.limit);
    auto budget = share_descriptors(row.limit);
    CHECK(budget.connections == row.connections);
    CHECK(budget.dns == row.dns);
    CHECK(budget.dns_tcp == row.dns_tcp);
    CHECK(budget.fetches == row.fetches);
  }
}
