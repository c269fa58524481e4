// A find allocates nothing once warm: every operator new of the finding thread counts.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <new>

#include "tests/unit/cache/support.hpp"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
