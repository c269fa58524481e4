#include "answer/settings.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mtasts;
using namespace std::chrono_literals;

TEST_CASE("settings: zones, and no wait longer than answer_timeout", "[settings]") {
  Config config;
  config.policy.first_fetch_wait = 20s;
  config.policy.answer_timeout = 8s;
  config.zones["lab"] = config.policy;
  config.zones["lab"].first_fetch_wait = 1s;
  auto settings = make_settings(config);
  CHECK(find_zone(*settings, "")->first_fetch_wait == 8s);
  CHECK(find_zone(*settings, "lab")->first_fetch_wait == 1s);
  CHECK(find_zone(*settings, "other") == nullptr);
}
