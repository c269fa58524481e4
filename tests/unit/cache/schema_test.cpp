#include <catch2/catch_test_macros.hpp>

#include "cache/databases.hpp"
#include "cache/layout.hpp"
#include "tests/unit/cache/raw.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::cache;
using namespace mtasts::test;

namespace {

std::string number(std::uint32_t value) {
  std::string bytes(4, '\0');
  put_little(bytes.data(), value, 4);
  return bytes;
}

void mark(MDB_txn* txn, const Databases& dbs, std::string_view word) {
  MDB_val key = to_val(word), nothing{};
  check(mdb_put(txn, dbs.meta, &key, &nothing, 0), "mark");
}

bool marked(MDB_txn* txn, const Databases& dbs, std::string_view word) {
  MDB_val key = to_val(word), nothing{};
  return mdb_get(txn, dbs.meta, &key, &nothing) == MDB_SUCCESS;
}

}  // namespace

TEST_CASE("A newer schema is refused with the remedy, and nothing is changed", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  raw::put(folder.cache(), "meta", "schema", number(schema_version + 1));
  auto before = read_file(folder.file("data.mdb"));
  for (bool read_only : {false, true}) {
    auto cache = LmdbCache::open({.path = folder.cache(), .read_only = read_only}, clock);
    REQUIRE_FALSE(cache);
    CHECK(cache.error().fault == Fault::storage);
    CHECK(cache.error().detail.find("newer mtastsd") != std::string::npos);
    CHECK(cache.error().detail.find(folder.cache()) != std::string::npos);
  }
  CHECK(read_file(folder.file("data.mdb")) == before);
  CHECK(files_like(folder.cache(), "data.mdb").size() == 1);
}

TEST_CASE("A schema from which no step leads on is refused, not overwritten", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  raw::put(folder.cache(), "meta", "schema", number(0));
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().detail.find("schema 0") != std::string::npos);
  auto reading = LmdbCache::open({.path = folder.cache(), .read_only = true}, clock);
  REQUIRE_FALSE(reading);
  CHECK(reading.error().detail.find("older") != std::string::npos);
  CHECK(files_like(folder.cache(), "data.mdb").size() == 1);
}

TEST_CASE("Migrations run one after the other from where the cache is", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  static constexpr Migration steps[] = {
      {1, [](MDB_txn* txn, const Databases& dbs) { mark(txn, dbs, "one"); }},
      {2, [](MDB_txn* txn,
             const Databases& dbs) { mark(txn, dbs, marked(txn, dbs, "one") ? "two" : "too early"); }},
      {0, [](MDB_txn* txn, const Databases& dbs) { mark(txn, dbs, "not this one"); }},
  };
  raw::with_databases(folder.cache(), [](MDB_txn* txn, const Databases& dbs) {
    REQUIRE(migrate(txn, dbs, 3, steps, "cache"));
    CHECK(marked(txn, dbs, "one"));
    CHECK(marked(txn, dbs, "two"));
    CHECK_FALSE(marked(txn, dbs, "not this one"));
    REQUIRE(migrate(txn, dbs, 3, {}, "cache"));  // it is there now
    CHECK_FALSE(migrate(txn, dbs, 2, steps, "cache"));
    CHECK_FALSE(migrate(txn, dbs, 4, steps, "cache"));
  });
  CHECK(raw::get(folder.cache(), "meta", "schema") == number(3));
}
