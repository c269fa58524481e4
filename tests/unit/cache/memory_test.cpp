// Once warm, find() allocates nothing: the test counts every operator new of its thread.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/cache/support.hpp"
#include "tests/unit/count_allocations.hpp"

using namespace mtasts;
using namespace mtasts::test;

TEST_CASE("find() and note_use() take nothing from the heap", "[cache]") {
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

TEST_CASE("The store thread survives any failed allocation, and every put gets its outcome", "[cache]") {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  auto cache = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
  REQUIRE(cache);
  const auto record = policy_record(Mode::enforce, clock.now());
  spared = true;
  int not_stored = 0;
  auto put_without_memory = [&](int first, int count) {
    boost::asio::io_context loop;
    std::optional<Result<void>> outcome;
    boost::asio::co_spawn(loop, put_into((*cache)->store(), name("good.example"), record, outcome),
                          boost::asio::detached);
    succeeding = first;
    failing = count;
    loop.run();
    failing = 0;
    REQUIRE(outcome);
    not_stored += !*outcome;
  };
  for (int first = 0; first < 30; ++first) put_without_memory(first, 1);
  CHECK(not_stored == 0);  // one that fails is tried again
  put_without_memory(0, 15);
  CHECK(not_stored == 1);
  CHECK(put(**cache, name("good.example"), record));
  spared = false;
}
