// A find allocates nothing once warm: every operator new of the finding thread counts.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/cache/support.hpp"
#include "tests/unit/count_allocations.hpp"

using namespace mtasts;
using namespace mtasts::test;

TEST_CASE("A find and a use note take nothing from the heap", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
  REQUIRE(put(**cache, name("bare.example"), negative_record(clock.now())));
  auto reader = (*cache)->reader();
  REQUIRE(reader);
  const DomainName domains[] = {name("good.example"), name("bare.example"), name("absent.example")};
  std::size_t hits = 0;
  auto before = allocations;
  for (int round = 0; round < 1000; ++round)
    for (const auto& domain : domains) {
      ReadGuard guard(**reader);
      auto found = (*reader)->find(domain);
      hits += found && *found;
      (*reader)->note_use(domain, clock.day() + 1);
    }
  CHECK(allocations == before);
  CHECK(hits == 2000);
}
