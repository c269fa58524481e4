#include "cache/found_entries.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <string>

#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;
using cache::FoundEntries;

namespace {

const std::string value = "bytes in the map";

FoundEntries::FoundEntry place(bool in_policy = true) { return {value, in_policy}; }

}  // namespace

TEST_CASE("an address is found only for its domain and its commit", "[cache]") {
  FoundEntries places(8);
  CHECK_FALSE(places.find(7, "a.example"));
  places.put(7, "a.example", place());
  auto found = places.find(7, "a.example");
  REQUIRE(found);
  CHECK(found->bytes.data() == value.data());
  CHECK(found->bytes.size() == value.size());
  CHECK(found->in_policy);
  CHECK_FALSE(places.find(8, "a.example"));
  CHECK_FALSE(places.find(6, "a.example"));
  CHECK_FALSE(places.find(7, "a.exampl"));
  CHECK_FALSE(places.find(7, "a.example2"));
  CHECK_FALSE(places.find(7, ""));
  places.put(8, "a.example", place(false));
  CHECK_FALSE(places.find(7, "a.example"));
  CHECK_FALSE(places.find(8, "a.example")->in_policy);
}

TEST_CASE("domains that share a slot are told apart", "[cache]") {
  FoundEntries places(1);
  places.put(1, "a.example", place());
  places.put(1, "b.example", place(false));
  CHECK_FALSE(places.find(1, "a.example"));
  REQUIRE(places.find(1, "b.example"));
  CHECK_FALSE(places.find(1, "b.example")->in_policy);
}

TEST_CASE("a name that is too long is not remembered, and replaces none", "[cache]") {
  FoundEntries places(1);
  std::string longest = std::string(34, 'a') + ".example";
  places.put(1, longest, place());
  CHECK(places.find(1, longest));
  places.put(1, longest + "s", place());
  CHECK_FALSE(places.find(1, longest + "s"));
  CHECK(places.find(1, longest));
}

TEST_CASE("a table without slots remembers nothing", "[cache]") {
  FoundEntries places(0);
  places.put(1, "a.example", place());
  CHECK_FALSE(places.find(1, "a.example"));
}

// Some domains are asked for often, so that most are found at remembered addresses, while entries are stored,
// changed and erased.
TEST_CASE("a reader that remembers addresses gives the same results as one that does not", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  auto warm = (*cache)->reader();
  REQUIRE(warm);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    DomainName changed = numbered("p", static_cast<int>(random() % 40));
    Record record = random() % 3 == 0
                        ? negative_record(clock.now())
                        : policy_record(random() % 2 == 0 ? Mode::enforce : Mode::testing, clock.now());
    record.last_lookup.detail = std::to_string(round);
    REQUIRE(put(**cache, changed, record));
    auto cold = (*cache)->reader();
    REQUIRE(cold);
    for (int i = 0; i < 60; ++i) {
      DomainName asked = numbered("p", static_cast<int>(random() % 40));
      ReadGuard first(**warm), second(**cold);
      auto ours = (*warm)->find(asked), theirs = (*cold)->find(asked);
      REQUIRE(ours);
      REQUIRE(theirs);
      REQUIRE(ours->has_value() == theirs->has_value());
      if (!*ours) continue;
      CHECK((*ours)->has_policy == (*theirs)->has_policy);
      CHECK((*ours)->detail == (*theirs)->detail);
      CHECK((*ours)->policy.mode == (*theirs)->policy.mode);
    }
  }
}
