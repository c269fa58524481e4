// Readers on their own threads beside the store thread and coroutines that put; also run under TSan.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;

// The writer puts the number of the round into two fields, so that a mixture would be seen.
static boost::asio::awaitable<void> write_rounds(Store& store, DomainName domain, Time now, int rounds,
                                                 int& stored) {
  for (int round = 1; round <= rounds; ++round) {
    auto age = static_cast<std::uint32_t>(86400 + round);
    auto outcome = co_await store.put(domain, policy_record(Mode::enforce, now, age, std::to_string(age)));
    stored += outcome.has_value();
  }
}

TEST_CASE("Readers see complete entries while a writer replaces them", "[cache][threads]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  constexpr int domains = 20, rounds = 30;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> finds = 0, torn = 0, errors = 0;
  auto ask = [&](std::unique_ptr<Reader> reader) {
    for (std::uint32_t n = 0; !stop || n < 1000; ++n) {
      ReadGuard guard(*reader);
      auto domain = numbered("d", static_cast<int>(n % domains));
      auto found = reader->find(domain);
      if (!found) ++errors;
      if (found && *found && std::to_string((*found)->policy.max_age) != (*found)->id) ++torn;
      reader->note_use(domain, clock.day() + 1);
      ++finds;
    }
  };
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    auto reader = (*cache)->reader();
    REQUIRE(reader);
    threads.emplace_back(ask, std::move(*reader));
  }
  boost::asio::io_context loop;
  int stored = 0;
  for (int n = 0; n < domains; ++n)
    boost::asio::co_spawn(loop,
                          write_rounds((*cache)->store(), numbered("d", n), clock.now(), rounds, stored),
                          boost::asio::detached);
  loop.run();
  stop = true;
  for (auto& thread : threads) thread.join();
  CHECK(stored == domains * rounds);
  CHECK(finds > 4000);
  CHECK(torn == 0);
  CHECK(errors == 0);
}
