// When mtastsd is tried again while it is away.
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "milter/outage.hpp"

namespace mtasts {

using namespace std::chrono_literals;
using Moment = Outage::Moment;

TEST_CASE("pauses grow to 5 s within the first minute, then to 60 s", "[milter]") {
  Outage outage;
  Moment start{1h}, now = start;
  CHECK(outage.may_try(now));
  CHECK(outage.failed(now));
  std::vector<std::chrono::milliseconds> early, late;
  while (now - start < 10min) {
    REQUIRE_FALSE(outage.may_try(outage.next_try() - 1ms));
    auto pause = outage.next_try() - now;
    (now - start < 1min ? early : late).push_back(std::chrono::floor<std::chrono::milliseconds>(pause));
    now = outage.next_try();
    REQUIRE(outage.may_try(now));
    outage.failed(now);
  }
  CHECK(early.front() == 250ms);
  CHECK(std::ranges::max(early) == 5s);
  CHECK(std::ranges::is_sorted(early));
  CHECK(late.back() == 60s);
  CHECK(std::ranges::is_sorted(late));
}

TEST_CASE("one caller may try for each pause", "[milter]") {
  Outage outage;
  Moment now{1h};
  outage.failed(now);
  CHECK_FALSE(outage.may_try(now));
  now = outage.next_try();
  CHECK(outage.may_try(now));
  CHECK_FALSE(outage.may_try(now));
}

TEST_CASE("an outage is logged once a minute", "[milter]") {
  Outage outage;
  Moment now{1h};
  CHECK(outage.failed(now));
  CHECK_FALSE(outage.failed(now + 59s));
  CHECK(outage.failed(now + 60s));
  CHECK_FALSE(outage.failed(now + 61s));
}

TEST_CASE("an outage that comes again within a minute is not logged again", "[milter]") {
  Outage outage;
  Moment now{1h};
  CHECK(outage.failed(now));
  CHECK(outage.worked());
  CHECK_FALSE(outage.is_on());
  CHECK(outage.may_try(now + 1s));
  CHECK_FALSE(outage.failed(now + 2s));
  CHECK(outage.is_on());
  CHECK_FALSE(outage.worked());
}

TEST_CASE("what works without an outage is nothing new", "[milter]") {
  Outage outage;
  CHECK_FALSE(outage.worked());
}

TEST_CASE("only a young outage is worth waiting for", "[milter]") {
  Outage outage;
  Moment now{1h};
  CHECK_FALSE(outage.is_young(now));
  outage.failed(now);
  CHECK(outage.is_young(now + 9s));
  CHECK_FALSE(outage.is_young(now + 10s));
}

}  // namespace mtasts
