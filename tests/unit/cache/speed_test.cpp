// Measures how long find() takes and how much space a domain needs. Only prints, and runs only by name:
// unit_cache "[speed]".
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdio>
#include <random>

#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;

TEST_CASE("Speed and size", "[.][speed]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache(), .max_size = 4ull << 30}, clock);
  REQUIRE(cache);
  auto since = [start = std::chrono::steady_clock::now()]() mutable {
    auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(start, now)).count();
  };
  constexpr int policies = 50'000, negatives = 50'000, finds = 2'000'000;
  auto empty = (*cache)->stats()->used_bytes;
  since();
  put_many(**cache, "policy", 0, policies, policy_record(Mode::enforce, clock.now()));
  auto policy_time = since();
  auto one = (*cache)->stats()->used_bytes;
  put_many(**cache, "negative", 0, negatives, negative_record(clock.now()));
  auto negative_time = since();
  auto two = (*cache)->stats()->used_bytes;
  std::printf(
      "put: %.1f us a policy, %.1f us a negative (queued at once); used: %.0f octets a policy, %.0f a "
      "negative\n",
      policy_time / policies * 1e6, negative_time / negatives * 1e6, double(one - empty) / policies,
      double(two - one) / negatives);

  std::vector<DomainName> names;
  std::mt19937 random(1);
  for (int n = 0; n < 4096; ++n) names.push_back(numbered("policy", int(random() % policies)));
  auto reader = (*cache)->reader();
  REQUIRE(reader);
  for (std::size_t different : {std::size_t{1}, names.size()}) {
    std::size_t hits = 0;
    since();
    for (int n = 0; n < finds; ++n) {
      ReadGuard guard(**reader);
      auto found = (*reader)->find(names[std::size_t(n) % different]);
      hits += found && *found;
    }
    std::printf("find: %.2f us over %zu domains (renew, get, decode, reset)\n", since() / finds * 1e6,
                different);
    CHECK(hits == finds);
  }
}

TEST_CASE("Time of a salvage with many damaged pages", "[.][speed]") {
  TempFolder folder;
  HandClock clock;
  constexpr int entries = 200'000;
  {
    auto cache = LmdbCache::open({.path = folder.cache(), .max_size = 4ull << 30}, clock);
    REQUIRE(cache);
    put_many(**cache, "policy", 0, entries, policy_record(Mode::enforce, clock.now()));
  }
  auto bytes = read_file(folder.file("data.mdb"));
  std::mt19937 random(1);
  auto pages = bytes.size() / 4096;
  for (std::size_t n = 0; n < pages / 5; ++n) {
    auto at = (2 + random() % (pages - 2)) * 4096;
    for (std::size_t i = 0; i < 4096; i += 4) bytes[at + i] = static_cast<char>(random());
  }
  write_file(folder.file("data.mdb"), bytes);
  auto start = std::chrono::steady_clock::now();
  auto cache = LmdbCache::open({.path = folder.cache(), .max_size = 4ull << 30}, clock);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  REQUIRE(cache);
  auto condition = (*cache)->condition();
  std::printf(
      "salvage: %.1f s, %zu pages, a fifth of them damaged: %llu policies, %llu salvaged, %llu lost\n",
      took.count(), pages, static_cast<unsigned long long>((*cache)->stats()->policies),
      static_cast<unsigned long long>(condition.salvaged), static_cast<unsigned long long>(condition.lost));
}
