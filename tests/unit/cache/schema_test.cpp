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

TEST_CASE("A schema without a migration step is refused, not overwritten", "[cache]") {
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
    std::string one = number(1);
    MDB_val key = to_val("schema"), value = to_val(one);
    check(mdb_put(txn, dbs.meta, &key, &value, 0), "set the schema");
    REQUIRE(migrate(txn, dbs, 3, steps, "cache"));
    CHECK(marked(txn, dbs, "one"));
    CHECK(marked(txn, dbs, "two"));
    CHECK_FALSE(marked(txn, dbs, "not this one"));
    REQUIRE(migrate(txn, dbs, 3, {}, "cache"));  // the schema is stored now
    CHECK_FALSE(migrate(txn, dbs, 2, steps, "cache"));
    CHECK_FALSE(migrate(txn, dbs, 4, steps, "cache"));
  });
  CHECK(raw::get(folder.cache(), "meta", "schema") == number(3));
}

TEST_CASE("A cache of schema 1 is migrated with its policies, and cannot be read before that", "[cache]") {
  TempFolder folder;
  HandClock clock;
  Record record = policy_record(Mode::enforce, clock.now());
  put_many(**LmdbCache::open({.path = folder.cache()}, clock), "old", 1, 2, record);
  std::string key = "old-000001.example", value = raw::get(folder.cache(), "policy", key);
  value[prefix_size] = 1;
  value.erase(prefix_size + 61, 4);  // the size of the DANE states, which version 1 does not have
  value.resize(value.size() - 4);
  std::uint32_t crc = crc32c(std::string_view(value).substr(prefix_size));
  value.resize(value.size() + 4);
  put_little(value.data() + value.size() - 4, crc, 4);
  raw::put(folder.cache(), "policy", key, value);
  raw::put(folder.cache(), "meta", "schema", number(1));
  CHECK_FALSE(LmdbCache::open({.path = folder.cache(), .read_only = true}, clock));

  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  auto stored = (*cache)->store().get(name(key));
  REQUIRE(stored);
  REQUIRE(*stored);
  CHECK(encode(**stored) == encode(record));
  CHECK((*stored)->dane.empty());
  cache->reset();
  CHECK(raw::get(folder.cache(), "meta", "schema") == number(schema_version));
}
