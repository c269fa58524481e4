// Damaged meta pages: LMDB silently falls back by one commit, which must not go unnoticed.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <filesystem>

#include "tests/unit/cache/filled.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

// A cache whose last commit stored last.example. `before` is the file without that commit. The clock is in
// doubt, so that closing has nothing to store and makes no commit.
struct LastCommit : Filled {
  std::string before;
  // wanted: bits of the last commit's number.
  explicit LastCommit(std::uint64_t wanted = 0) {
    clock.doubt(clock.now());
    for (int n = 0; n < 8 && before.empty(); ++n) {
      std::string earlier = read_file(folder.file("data.mdb"));
      put_one(n == 0 ? "first.example" : "next.example");
      read_intact();
      if (((txn_of(intact, newest_meta(intact)) + 1) & wanted) == wanted) before = intact;
    }
    REQUIRE_FALSE(before.empty());
    put_one("last.example");
    read_intact();
    REQUIRE(txn_of(intact, newest_meta(intact)) == txn_of(before, newest_meta(before)) + 1);
  }

 private:
  void put_one(const char* domain) {
    auto cache = open();
    REQUIRE(put(*cache, name(domain), policy_record(Mode::enforce, clock.now())));
  }
};

}  // namespace

TEST_CASE("One bit of the newest meta page's number does not lose the last commit", "[cache]") {
  bool unclean = GENERATE(false, true);
  INFO((unclean ? "after an unclean stop" : "after an orderly stop"));
  LastCommit t(2);
  auto bytes = t.intact;
  bytes[txn_at(newest_meta(bytes))] ^= 2;  // now two less, which still follows the other page's number
  t.damage_quietly(bytes);
  if (unclean) std::filesystem::remove(t.folder.file("daemon.lock"));
  auto cache = t.open();
  auto reader = *cache->reader();
  auto found = reader->find(name("last.example"));
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->has_policy);
  CHECK(t.aside().size() == 1);
  CHECK(t.log.has(2, "data.mdb was damaged"));
  auto condition = cache->condition();
  CHECK(condition.damaged_at);
  CHECK(condition.lost == 0);
  CHECK(cache->stats()->policies == 302);
}

TEST_CASE("A newest meta page that never reached the disk is noticed", "[cache]") {
  LastCommit t;
  auto bytes = t.intact;
  auto newest = newest_meta(bytes) * page_octets;
  bytes.replace(newest, page_octets, t.before.substr(newest, page_octets));
  t.damage_quietly(bytes);
  auto cache = t.open();
  auto reader = *cache->reader();
  auto found = reader->find(name("last.example"));
  REQUIRE(found);
  REQUIRE(*found);
  CHECK(((*found)->has_policy || (*found)->lost));
  CHECK(t.aside().size() == 1);
  auto condition = cache->condition();
  CHECK(condition.lost + condition.salvaged > 0);
}

TEST_CASE("An older copy of the file that was put back is not damage", "[cache]") {
  LastCommit t;
  t.damage(t.before);
  auto cache = t.open();
  CHECK(t.aside().empty());
  CHECK(cache->condition().lost == 0);
  CHECK_FALSE(*(*cache->reader())->find(name("last.example")));
}

TEST_CASE("A meta page in which any octet changed after an orderly stop leads to a check of the file",
          "[cache]") {
  LastCommit t;
  auto bytes = t.intact;
  constexpr std::size_t entries_at = 16 + 24 + 48 + 32;  // of the main tree
  bytes[newest_meta(bytes) * page_octets + entries_at] ^= 0x40;
  t.damage_quietly(bytes);
  auto cache = t.open();
  CHECK(t.aside().size() == 1);
  CHECK(cache->condition().damaged_at);
  for (int n = 0; n < 300; ++n) CHECK(*(*cache->reader())->find(numbered("kept", n)));
}

TEST_CASE("A meta page's numbers that no file can have cost no memory", "[cache]") {
  Filled t;
  auto bytes = t.intact;
  std::uint64_t map_size = 1ull << 60, last_page = 1ull << 46;
  for (std::size_t meta : {0u, 1u}) {
    std::memcpy(&bytes[meta * page_octets + 16 + 16], &map_size, sizeof map_size);
    std::memcpy(&bytes[meta * page_octets + 16 + 120], &last_page, sizeof last_page);
  }
  t.damage(bytes);
  auto cache = t.open();
  CHECK(t.aside().size() == 1);
  CHECK(cache->stats()->policies == 300);
}
