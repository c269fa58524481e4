#include "cli/words.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/cli/support.hpp"

using namespace std::chrono_literals;

namespace mtasts {

TEST_CASE("spans in words", "[cli]") {
  struct Row {
    std::chrono::seconds span;
    std::string want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({{0s, "0 seconds"},
                                                      {1s, "1 second"},
                                                      {119s, "119 seconds"},
                                                      {2min, "2 minutes"},
                                                      {119min, "119 minutes"},
                                                      {2h, "2 hours"},
                                                      {47h + 59min, "47 hours"},
                                                      {48h, "2 days"},
                                                      {24h * 365, "365 days"}}));
  CHECK(span_in_words(row.span) == row.want);
}

TEST_CASE("times in words", "[cli]") {
  CHECK(from_now(test::noon + 144h, test::noon) == "in 6 days");
  CHECK(from_now(test::noon - 3h, test::noon) == "3 hours ago");
  CHECK(from_now(test::noon, test::noon) == "now");
  CHECK(when(test::noon + 1s, test::noon) == "2026-01-31 12:00:01 UTC, in 1 second");
  CHECK(when(Time{}, test::noon) == "never");
  CHECK(time_or_null(Time{}).is_null());
  CHECK(time_or_null(test::noon) == boost::json::value("2026-01-31T12:00:00Z"));
}

}  // namespace mtasts
