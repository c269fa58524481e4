// What a salvage takes from a damaged file: nothing outdated where there is something newer, no losses that
// did not happen, and an end for those that did.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>

#include "cache/layout.hpp"
#include "tests/unit/cache/filled.hpp"
#include "tests/unit/cache/raw.hpp"

using namespace mtasts;
using namespace mtasts::test;
namespace page = mtasts::cache::page;

namespace {

// The leaf pages, in use or not, that have a value under that key.
std::vector<std::uint64_t> leaves_with(const std::string& bytes, std::string_view key) {
  std::vector<std::uint64_t> found;
  for (std::uint64_t number = 2; number < bytes.size() / page_octets; ++number) {
    auto octets = page_of(bytes, number);
    auto count = page::nodes(octets);
    if (page::number(octets) != number || page::flags(octets) != page::leaf || !count) continue;
    for (std::size_t i = 0; i < *count; ++i)
      if (auto node = page::node(octets, i, true); node && node->key == key && node->size > 0)
        found.push_back(number);
  }
  return found;
}

// The offset in the file of the node in that page whose key ends with that text.
page::Node node_in(const std::string& bytes, std::uint64_t number, std::string_view key_end) {
  auto octets = page_of(bytes, number);
  for (std::size_t i = 0; i < page::nodes(octets).value(); ++i)
    if (auto node = page::node(octets, i, true).value(); node.key.ends_with(key_end)) return node;
  FAIL("no such key");
  return {};
}

// Makes every branch that points to one page point to another.
int redirect(std::string& bytes, std::uint64_t from, std::uint64_t to) {
  int changed = 0;
  for (std::uint64_t number = 2; number < bytes.size() / page_octets; ++number) {
    auto octets = page_of(bytes, number);
    auto count = page::nodes(octets);
    if (page::number(octets) != number || page::flags(octets) != page::branch || !count) continue;
    for (std::size_t i = 0; i < *count; ++i) {
      auto node = page::node(octets, i, false);
      if (!node || node->child != from) continue;
      auto at = static_cast<std::size_t>(node->key.data() - bytes.data()) - page::node_head;
      cache::put_little(&bytes[at], to, 6);
      ++changed;
    }
  }
  return changed;
}

Record failed_lookup(Time now) {
  auto record = negative_record(now);
  record.last_lookup.state = StsState::fetch_failed;
  return record;
}

bool is_lost(LmdbCache& cache, const DomainName& domain) {
  auto record = cache.store().get(domain);
  REQUIRE(record);
  REQUIRE(*record);
  return (*record)->lost;
}

bool lost_after_failure(LmdbCache& cache, const HandClock& clock, const DomainName& domain) {
  REQUIRE(put(cache, domain, failed_lookup(clock.now())));
  return is_lost(cache, domain);
}

}  // namespace

TEST_CASE("A free page that a damaged branch points to does not replace the page in use", "[cache]") {
  Filled t;
  auto domain = name("kept-000100.example");
  t.clock.doubt(t.clock.now());  // so that closing makes no commit
  t.clock.turn(std::chrono::hours(1));
  auto fetched_at = t.clock.now();
  {
    auto cache = t.open();
    REQUIRE(put(*cache, domain, policy_record(Mode::enforce, fetched_at)));
  }
  t.read_intact();
  std::string bytes = t.intact;
  auto newest = encode(policy_record(Mode::enforce, fetched_at));
  std::uint64_t in_use = 0, stale = 0;
  for (auto number : leaves_with(bytes, domain.str()))
    (page_of(bytes, number).find(newest) != std::string_view::npos ? in_use : stale) = number;
  REQUIRE(in_use != 0);
  REQUIRE(stale != 0);
  REQUIRE(redirect(bytes, in_use, stale) > 0);
  t.damage(bytes);
  auto cache = t.open();
  CHECK(t.aside().size() == 1);
  auto reader = *cache->reader();
  auto found = reader->find(domain);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->fetched_at == fetched_at);
  CHECK(cache->stats()->policies == 300);
  CHECK(cache->condition().lost == 0);
}

TEST_CASE("A damaged index `used` beside one damaged entry does not report entries that were erased as lost",
          "[cache]") {
  Filled t(20);
  t.clock.doubt(t.clock.now());
  {
    auto cache = t.open();
    for (int n = 0; n < 3; ++n) REQUIRE(put(*cache, numbered("none", n), negative_record(t.clock.now())));
    put_many(*cache, "gone", 0, 10, policy_record(Mode::enforce, t.clock.now()));
    for (int n = 0; n < 10; ++n) REQUIRE(cache->erase(numbered("gone", n)));
  }
  t.read_intact();
  auto bytes = t.intact;
  auto bad = numbered("none", 1);
  auto node = node_in(bytes, root_of(bytes, "negative"), bad.str());
  bytes[static_cast<std::size_t>(node.value.data() - bytes.data()) + 20] ^= 1;
  bytes.replace(root_of(bytes, "used") * page_octets, page_octets, std::string(page_octets, '\xAB'));
  REQUIRE(bytes.find("gone-000009.example") != std::string::npos);  // on a page that is free by now
  t.damage(bytes);
  auto cache = t.open();
  CHECK(t.aside().size() == 1);
  INFO(t.log.all());
  CHECK(cache->condition().lost <= 1);
  CHECK(cache->stats()->policies == 20);
  for (int n = 0; n < 10; ++n) CHECK_FALSE(*cache->store().get(numbered("gone", n)));
}

TEST_CASE("A damaged name in one index does not make a policy lost that never existed", "[cache]") {
  Filled t(20);
  auto bytes = t.intact;
  auto node = node_in(bytes, root_of(bytes, "used"), "kept-000019.example");
  bytes[static_cast<std::size_t>(node.key.data() - bytes.data()) + 5 + 9] = '8';  // kept-000089.example
  t.damage(bytes);
  auto cache = t.open();
  CHECK(t.aside().size() == 1);
  INFO(t.log.all());
  CHECK(cache->condition().lost == 0);
  CHECK(cache->stats()->policies == 20);
  CHECK_FALSE(*cache->store().get(numbered("kept", 89)));
}

TEST_CASE("A policy that is gone from its tree counts as lost, even if the tree is otherwise sound",
          "[cache]") {
  Filled t(20);
  raw::with_databases(t.folder.cache(), [](MDB_txn* txn, const cache::Databases& dbs) {
    MDB_val key = cache::to_val("kept-000007.example");
    cache::check(mdb_del(txn, dbs.policy, &key, nullptr), "delete");
  });
  auto cache = t.open();
  CHECK(t.aside().size() == 1);
  CHECK(cache->condition().lost + cache->condition().salvaged == 1);
  CHECK(*cache->store().get(numbered("kept", 7)));
}

TEST_CASE("Mail waits for a lost policy whose host always fails until the policy must have expired",
          "[cache]") {
  struct Row {
    const char* why;
    bool is_indexed;
    std::chrono::seconds bound;
  };
  auto row = GENERATE(Catch::Generators::values<Row>(
      {{"the index tells when", true, std::chrono::days(30)},
       {"the expiry is not known: the greatest max_age", false, std::chrono::seconds(31'557'600)}}));
  INFO(row.why);
  Filled t(3);
  auto domain = row.is_indexed ? numbered("kept", 1) : name("bad.example");
  raw::put(t.folder.cache(), "policy", std::string(domain.str()), "rubbish that is longer than a prefix");
  as_left_in_order(t.folder);
  auto cache = t.open();
  CHECK(lost_after_failure(*cache, t.clock, domain));
  t.clock.turn(row.bound - std::chrono::seconds(1));
  CHECK(lost_after_failure(*cache, t.clock, domain));
  t.clock.doubt(t.clock.now());
  t.clock.turn(std::chrono::days(1000));
  CHECK(lost_after_failure(*cache, t.clock, domain));  // the clock may be wrong
  t.clock.trust();
  CHECK_FALSE(lost_after_failure(*cache, t.clock, domain));
  CHECK(t.log.has(1, "must have expired by now"));
}

TEST_CASE("An entry that the running daemon or a salvage found lost also ends when its policy expires",
          "[cache]") {
  bool at_start = GENERATE(true, false);
  Filled t(at_start ? 300 : 3);
  auto domain = numbered("kept", at_start ? 100 : 1);
  if (at_start) {
    auto bytes = t.intact;
    REQUIRE(noise_over_pages_with("kept-000100.example", "20270101", bytes) > 0);
    t.damage(bytes);
  } else {
    raw::put(t.folder.cache(), "policy", std::string(domain.str()), "rubbish that is longer than a prefix");
    as_left_in_order(t.folder);
  }
  auto cache = t.open();
  auto reader = *cache->reader();
  (void)reader->find(domain);
  reader->release();
  settle(*cache);
  CHECK(cache->condition().lost > 0);
  t.clock.turn(std::chrono::days(29));
  CHECK(lost_after_failure(*cache, t.clock, domain));
  t.clock.turn(std::chrono::days(1));
  CHECK_FALSE(lost_after_failure(*cache, t.clock, domain));
}

TEST_CASE("An answer without a TXT record settles a lost policy only if the lookup says so", "[cache]") {
  Filled t(3);
  raw::put(t.folder.cache(), "policy", "bad.example", "rubbish that is longer than a prefix");
  as_left_in_order(t.folder);
  auto cache = t.open();
  auto record = negative_record(t.clock.now());
  record.lost = true;  // the answer was not validated, so anybody may have sent it
  REQUIRE(put(*cache, name("bad.example"), record));
  CHECK(is_lost(*cache, name("bad.example")));
  record.lost = false;
  REQUIRE(put(*cache, name("bad.example"), record));
  CHECK_FALSE(is_lost(*cache, name("bad.example")));
}
