#include <lmdb.h>

#include <catch2/catch_test_macros.hpp>

#include "cache/layout.hpp"
#include "tests/unit/cache/raw.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;

TEST_CASE("find() sees what is committed; its view lives until release()", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  auto reader = (*cache)->reader();
  REQUIRE(reader);
  auto found = (*reader)->find(name("good.example"));
  REQUIRE(found);
  CHECK_FALSE(*found);
  REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
  {
    ReadGuard guard(**reader);
    found = (*reader)->find(name("good.example"));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->policy.mode == Mode::enforce);
    CHECK((*found)->policy.mx.text() == "mx1.mail.example\n*.mail.example");
    // A change meanwhile leaves the open view as it is.
    REQUIRE(put(**cache, name("good.example"), policy_record(Mode::testing, clock.now())));
    CHECK((*found)->policy.mode == Mode::enforce);
  }
  (*reader)->release();  // a second release does no harm
  found = (*reader)->find(name("good.example"));
  CHECK((*found)->policy.mode == Mode::testing);
}

TEST_CASE("a damaged entry is lost, which is not the same as absent, and never counts for another domain",
          "[cache]") {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  auto open = [&] {
    auto cache = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
    REQUIRE(cache);
    return std::move(*cache);
  };
  REQUIRE(put(*open(), name("good.example"), policy_record(Mode::enforce, clock.now())));
  auto good = raw::get(folder.cache(), "policy", "good.example");
  std::vector<std::string> names;
  for (std::size_t where : {std::size_t{0}, std::size_t{5}, std::size_t{8}, std::size_t{9}, std::size_t{20},
                            std::size_t{40}, good.size() / 2, good.size() - 1}) {
    auto bad = good;
    bad[where] = static_cast<char>(bad[where] ^ 0x10);
    names.push_back("bad" + std::to_string(where) + ".example");
    raw::put(folder.cache(), "policy", names.back(), bad);
  }
  names.push_back("moved.example");  // intact, but under another name
  raw::put(folder.cache(), "policy", names.back(), good);
  names.push_back("short.example");
  raw::put(folder.cache(), "policy", names.back(), good.substr(0, 30));
  as_left_in_order(folder);

  auto cache = open();
  auto reader = cache->reader();
  REQUIRE(reader);
  for (const auto& text : names) {
    INFO(text);
    auto found = (*reader)->find(name(text));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->lost);
    CHECK_FALSE((*found)->has_policy);
    (*reader)->release();
  }
  settle(*cache);
  for (const auto& text : names) CHECK(log.has(2, text));
  CHECK(cache->stats()->policies == 1);
  CHECK(cache->condition().lost == names.size());
  // The entries that replace them say the same, also after a restart.
  reader->reset();
  cache.reset();
  cache = open();
  reader = cache->reader();
  CHECK((**(*reader)->find(name("short.example"))).lost);
  CHECK((*reader)->find(name("good.example"))->has_value());
}

TEST_CASE("walk() passes a damaged entry as an error, and only what settles it replaces it", "[cache]") {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  raw::put(folder.cache(), "policy", "bad.example", "rubbish that is longer than a prefix");
  as_left_in_order(folder);
  auto cache = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
  REQUIRE(cache);
  int errors = 0;
  CHECK((*cache)->walk([&](std::string_view domain, const Result<RecordView>& record) {
    errors += !record && domain == "bad.example";
    return true;
  }));
  CHECK(errors == 1);
  auto reader = (*cache)->reader();
  auto lost_after = [&](StsState state) {
    auto record = negative_record(clock.now());
    record.last_lookup.state = state;
    REQUIRE(put(**cache, name("bad.example"), record));
    ReadGuard guard(**reader);
    return (**(*reader)->find(name("bad.example"))).lost;
  };
  CHECK(lost_after(StsState::dns_failed));
  CHECK(log.has(1, "bad.example"));
  CHECK(lost_after(StsState::fetch_failed));
  CHECK(lost_after(StsState::pending));
  CHECK_FALSE(lost_after(StsState::no_record));
  CHECK((*cache)->stats()->policies == 0);
  CHECK((*cache)->stats()->negatives == 1);
}
