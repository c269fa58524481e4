#include "tests/bench/load.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "tests/bench/cpu_time.hpp"

using namespace mtasts::bench;

TEST_CASE("the status is the reply's first word, followed by a blank", "[bench]") {
  CHECK(status_of("OK secure match=a") == 0);
  CHECK(status_of("NOTFOUND ") == 1);
  CHECK(status_of("TEMP x") == 2);
  CHECK(status_of("PERM x") == 3);
  CHECK(status_of("TIMEOUT x") == 4);
  for (const char* reply : {"", " ", "OK", "OKAY x", "ok x", "HELLO x"})
    CHECK(status_of(reply) == statuses.size());
}

TEST_CASE("CPU time: it grows for this process, and is missing for an empty list", "[bench]") {
  auto before = cpu_time_of(::getpid());
  auto own_before = cpu_time_of_this_thread();
  while (cpu_time_of_this_thread() - own_before < std::chrono::milliseconds(60)) continue;
  auto after = cpu_time_of(::getpid());
  REQUIRE(before);
  REQUIRE(after);
  CHECK(*after - *before >= std::chrono::milliseconds(40));
  CHECK_FALSE(cpu_time_of(0));
}
