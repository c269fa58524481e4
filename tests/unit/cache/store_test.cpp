#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>
#include <thread>

#include "cache/layout.hpp"
#include "tests/unit/cache/raw.hpp"
#include "tests/unit/cache/support.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::test;
using namespace std::chrono_literals;

namespace {

struct Opened {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  std::unique_ptr<LmdbCache> cache;

  Opened() { open(); }
  void open() {
    cache.reset();
    auto made = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
    REQUIRE(made);
    cache = std::move(*made);
  }
  std::optional<Record> get(const std::string& domain) {
    auto found = cache->store().get(name(domain));
    REQUIRE(found);
    return *found;
  }
  bool due(const std::string& domain, std::uint32_t unused_since = 0) {
    auto all = cache->store().due(clock.now(), 1000, unused_since);
    return std::ranges::find(all, name(domain)) != all.end();
  }
};

}  // namespace

TEST_CASE("put() stores what get() returns, also after closing", "[cache]") {
  Opened t;
  auto record = policy_record(Mode::enforce, t.clock.now());
  record.last_lookup.state = StsState::fetch_failed;
  record.last_lookup.detail = "TLS handshake: certificate has expired";
  record.last_lookup.failed_id = "20270202";
  record.last_lookup.failures = 3;
  REQUIRE(put(*t.cache, name("good.example"), record));
  REQUIRE(put(*t.cache, name("bare.example"), negative_record(t.clock.now())));
  if (GENERATE(false, true)) t.open();

  auto got = t.get("good.example");
  REQUIRE(got);
  CHECK(encode(*got) == encode(record));
  auto bare = t.get("bare.example");
  REQUIRE(bare);
  CHECK_FALSE(bare->policy);
  CHECK_FALSE(t.get("other.example"));
  auto stats = t.cache->stats();
  REQUIRE(stats);
  CHECK(stats->policies == 1);
  CHECK(stats->negatives == 1);
  CHECK(stats->used_bytes > 0);
  CHECK(stats->file_bytes >= stats->used_bytes);
}

static boost::asio::awaitable<void> note_threads(Store& store, Record record, std::thread::id& before,
                                                 std::thread::id& after) {
  before = std::this_thread::get_id();
  auto stored = co_await store.put(name("good.example"), std::move(record));
  after = std::this_thread::get_id();
  CHECK(stored);
}

TEST_CASE("A put resumes on the executor of the coroutine that awaits it", "[cache]") {
  Opened t;
  boost::asio::io_context loop;
  std::thread::id before, after;
  auto record = policy_record(Mode::enforce, t.clock.now());
  boost::asio::co_spawn(loop, note_threads(t.cache->store(), record, before, after), boost::asio::detached);
  std::thread runner([&] { loop.run(); });
  auto runner_id = runner.get_id();
  runner.join();
  CHECK(before == runner_id);
  CHECK(after == runner_id);
}

TEST_CASE("Closing commits what is queued", "[cache]") {
  Opened t;
  boost::asio::io_context loop;
  std::vector<std::optional<Result<void>>> outcomes(600);
  auto record = policy_record(Mode::enforce, t.clock.now());
  for (std::size_t n = 0; n < outcomes.size(); ++n) {
    auto domain = numbered("queued", static_cast<int>(n));
    boost::asio::co_spawn(loop, put_into(t.cache->store(), domain, record, outcomes[n]),
                          boost::asio::detached);
  }
  loop.poll();  // every put is queued, and none has been awaited to its end
  t.cache.reset();
  loop.restart();
  loop.run();
  CHECK(std::ranges::all_of(outcomes, [](const auto& o) { return o && *o; }));
  t.open();
  CHECK(t.cache->stats()->policies == 600);
}

TEST_CASE("An entry without a policy never replaces a policy in force", "[cache]") {
  Opened t;
  REQUIRE(put(*t.cache, name("good.example"), policy_record(Mode::enforce, t.clock.now(), 86400)));
  t.clock.turn(23h);
  auto failed = negative_record(t.clock.now());
  REQUIRE(put(*t.cache, name("good.example"), failed));
  auto kept = t.get("good.example");
  REQUIRE(kept);
  REQUIRE(kept->policy);
  CHECK(kept->policy->mode == Mode::enforce);
  CHECK(kept->id == "20270101");
  CHECK(kept->fetched_at == t.clock.now() - 23h);
  CHECK(kept->last_lookup.state == StsState::no_record);
  CHECK(kept->last_lookup.at == t.clock.now());
  CHECK(t.cache->stats()->negatives == 0);

  t.clock.turn(2h + 30 * 24h);  // expired for 30 days: now the negative replaces it
  REQUIRE(put(*t.cache, name("good.example"), negative_record(t.clock.now())));
  CHECK_FALSE(t.get("good.example")->policy);
  CHECK(t.cache->stats()->policies == 0);
  CHECK(t.cache->stats()->negatives == 1);
}

TEST_CASE("A fetched policy replaces the one before, whatever its mode", "[cache]") {
  Opened t;
  auto first = GENERATE(Mode::none, Mode::testing, Mode::enforce);
  auto second = GENERATE(Mode::none, Mode::testing, Mode::enforce);
  REQUIRE(put(*t.cache, name("good.example"), negative_record(t.clock.now())));
  REQUIRE(put(*t.cache, name("good.example"), policy_record(first, t.clock.now())));
  REQUIRE(put(*t.cache, name("good.example"), policy_record(second, t.clock.now(), 60, "2")));
  CHECK(t.get("good.example")->policy->mode == second);
  CHECK(t.cache->stats()->policies == 1);
  CHECK(t.cache->stats()->negatives == 0);
}

TEST_CASE("An entry that no reader would accept is not stored", "[cache]") {
  Opened t;
  auto record = policy_record(Mode::enforce, t.clock.now());
  record.id = "1 servername=evil";
  auto outcome = put(*t.cache, name("good.example"), record);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().fault == Fault::storage);
  CHECK_FALSE(t.get("good.example"));
}

TEST_CASE("Questions about other ports do not push out what is known about port 25", "[cache]") {
  Opened t;
  auto record = negative_record(t.clock.now());
  for (std::uint16_t port = 16; port <= 25; ++port) {
    auto& state = record.dane.emplace_back();
    state.route.port = port;
    state.mx = MxState::secure;
    state.hosts = test::host_list("u+mx.example");
    state.looked_up_at = t.clock.now() + (port == 25 ? -24h : -1min);
    state.valid_until = state.looked_up_at + 1h;
  }
  std::ranges::sort(record.dane, std::greater(), &DaneState::looked_up_at);
  REQUIRE(put(*t.cache, name("ports.example"), record));
  auto got = t.get("ports.example");
  REQUIRE(got);
  CHECK(got->dane.size() == max_dane_states);
  CHECK(find_dane(view(*got), {false, 25}));
}

TEST_CASE("due() gives policies in the order of their refresh times", "[cache]") {
  Opened t;
  auto start = t.clock.now();
  for (int n : {3, 1, 2, 0}) {
    auto record = policy_record(Mode::enforce, start);
    record.refresh_at = start + std::chrono::hours(n);
    REQUIRE(put(*t.cache, numbered("d", n), record));
  }
  REQUIRE(put(*t.cache, name("negative.example"), negative_record(start)));
  auto never = policy_record(Mode::enforce, start);
  never.refresh_at = Time::max();
  REQUIRE(put(*t.cache, name("never.example"), never));

  auto& store = t.cache->store();
  CHECK(store.due(start - 1s, 10, 0).empty());
  CHECK(store.due(start, 10, 0) == std::vector{numbered("d", 0)});
  CHECK(store.due(start + 2h, 10, 0) == std::vector{numbered("d", 0), numbered("d", 1), numbered("d", 2)});
  CHECK(store.due(start + 24h, 2, 0) == std::vector{numbered("d", 0), numbered("d", 1)});

  auto moved = policy_record(Mode::enforce, start);
  moved.refresh_at = start + 5h;
  REQUIRE(put(*t.cache, numbered("d", 0), moved));
  CHECK(store.due(start + 1h, 10, 0) == std::vector{numbered("d", 1)});
}

TEST_CASE("A domain that nobody asks for is not due, and is again after a use", "[cache]") {
  Opened t;
  REQUIRE(put(*t.cache, name("idle.example"), policy_record(Mode::enforce, t.clock.now(), 86400 * 365)));
  REQUIRE(put(*t.cache, name("busy.example"), policy_record(Mode::enforce, t.clock.now(), 86400 * 365)));
  auto reader = t.cache->reader();
  REQUIRE(reader);
  t.clock.turn(100 * 24h);
  auto since = t.clock.day() - 90;
  (*reader)->note_use(name("busy.example"), t.clock.day());
  settle(*t.cache);
  CHECK(t.due("busy.example", since));
  CHECK_FALSE(t.due("idle.example", since));
  // Its key has left the index by then, or not: either way a use adds it again.
  (*reader)->note_use(name("idle.example"), t.clock.day());
  settle(*t.cache);
  CHECK(t.due("idle.example", since));
}

TEST_CASE("A use note moves the day of the last use only forward", "[cache]") {
  Opened t;
  for (const char* domain : {"good.example", "mad.example", "last.example"})
    REQUIRE(put(*t.cache, name(domain), policy_record(Mode::enforce, t.clock.now(), 86400 * 365)));
  auto reader = t.cache->reader();
  REQUIRE(reader);
  t.clock.turn(48h);
  auto today = t.clock.day();
  (*reader)->note_use(name("good.example"), today);
  (*reader)->note_use(name("good.example"), today - 30);     // older than what is stored
  (*reader)->note_use(name("mad.example"), today + 10'000);  // from a wrong clock: counts as today
  (*reader)->note_use(name("absent.example"), today);        // nothing stored: nothing to note
  (*reader)->note_use(name("last.example"), today);
  settle(*t.cache);
  CHECK(t.due("last.example", today));
  CHECK(t.due("good.example", today));
  CHECK(t.due("mad.example", today));
  CHECK_FALSE(t.due("mad.example", today + 1));
  CHECK(t.cache->stats()->policies == 3);
  CHECK(t.cache->stats()->negatives == 0);
}

TEST_CASE("A refresh of a domain does not count as a use", "[cache]") {
  Opened t;
  REQUIRE(put(*t.cache, name("good.example"), policy_record(Mode::enforce, t.clock.now(), 86400 * 365)));
  t.clock.turn(48h);
  REQUIRE(put(*t.cache, name("good.example"), policy_record(Mode::enforce, t.clock.now(), 86400 * 365)));
  t.clock.turn(48h);
  CHECK(t.due("good.example", t.clock.day() - 4));
  CHECK_FALSE(t.due("good.example", t.clock.day() - 3));
}

TEST_CASE("erase takes the policy too, and says whether there was one", "[cache]") {
  Opened t;
  REQUIRE(put(*t.cache, name("good.example"), policy_record(Mode::enforce, t.clock.now())));
  REQUIRE(put(*t.cache, name("bare.example"), negative_record(t.clock.now())));
  CHECK(t.cache->erase(name("good.example")).value());
  CHECK(t.cache->erase(name("bare.example")).value());
  CHECK_FALSE(t.cache->erase(name("good.example")).value());
  CHECK_FALSE(t.get("good.example"));
  t.clock.turn(48h);
  CHECK(t.cache->store().due(t.clock.now(), 10, 0).empty());
}

TEST_CASE("walk() passes policies and negatives in key order, also after its transaction was renewed",
          "[cache]") {
  Opened t;
  put_many(*t.cache, "b", 0, 1500, policy_record(Mode::enforce, t.clock.now()));
  put_many(*t.cache, "a", 0, 20, negative_record(t.clock.now()));
  put_many(*t.cache, "c", 0, 1200, negative_record(t.clock.now()));
  std::vector<std::string> seen;
  std::size_t policies = 0;
  auto walked = t.cache->walk([&](std::string_view domain, Result<RecordView> record) {
    seen.emplace_back(domain);
    REQUIRE(record);
    policies += record->has_policy;
    if (seen.size() == 500) CHECK(t.cache->erase(numbered("b", 1499)));  // a writer meanwhile
    return true;
  });
  CHECK(walked);
  CHECK(std::ranges::is_sorted(seen));
  CHECK(seen.size() == 2719);
  CHECK(policies == 1499);

  int n = 0;
  CHECK(t.cache->walk([&](std::string_view, const Result<RecordView>&) { return ++n < 7; }));
  CHECK(n == 7);
}

TEST_CASE("A walk whose consumer takes its time pins no pages", "[cache]") {
  Opened t;
  put_many(*t.cache, "a", 0, 300, policy_record(Mode::enforce, t.clock.now()));
  auto before = t.cache->stats()->file_bytes;
  int met = 0;
  CHECK(t.cache->walk([&](std::string_view, const Result<RecordView>& record) {
    CHECK(record);
    // Each commit copies some pages, and uses the freed ones of the last commit again unless somebody reads
    // them.
    if (++met == 1)
      for (int n = 0; n < 60; ++n)
        REQUIRE(put(*t.cache, numbered("a", 7), policy_record(Mode::enforce, t.clock.now())));
    return true;
  }));
  CHECK(met == 300);
  CHECK(t.cache->stats()->file_bytes < before + 512 * 1024);
}

TEST_CASE("walk_expiring() passes the policies that expire within a span, in that order, and no others",
          "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock).value();
  constexpr int count = 700;  // more than one chunk of the walk
  for (int n = 0; n < count; ++n) {
    auto age = static_cast<std::uint32_t>(86400 + (n * 37 % count) * 10);
    REQUIRE(put(*cache, numbered("p", n), policy_record(Mode::enforce, clock.now(), age)));
  }
  REQUIRE(put(*cache, name("none.example"), negative_record(clock.now())));
  auto walk = [&](std::chrono::seconds from, std::chrono::seconds to, std::size_t most = 10'000) {
    std::vector<std::int64_t> ends;
    REQUIRE(cache->walk_expiring(clock.now() + from, clock.now() + to,
                                 [&](std::string_view, Result<RecordView> record) {
                                   REQUIRE(record);
                                   ends.push_back(record->policy.max_age);
                                   return ends.size() < most;
                                 }));
    CHECK(std::ranges::is_sorted(ends));
    return ends;
  };
  CHECK(walk(0s, 86399s).empty());
  CHECK(walk(0s, 86400s) == std::vector<std::int64_t>{86400});
  CHECK(walk(86400s, 86420s) == std::vector<std::int64_t>{86410, 86420});
  CHECK(walk(0s, 86400s * 30).size() == count);
  CHECK(walk(0s, 86400s + 5000s).size() == 501);
  CHECK(walk(0s, 86400s * 30, 3).size() == 3);
  CHECK(walk(86400s * 2, 86400s * 30).empty());
}

TEST_CASE("an outdated key in the index `expiry` lists nothing", "[cache]") {
  TempFolder folder;
  HandClock clock;
  Record record = policy_record(Mode::enforce, clock.now(), 86400);
  REQUIRE(put(**LmdbCache::open({.path = folder.cache()}, clock), name("p.example"), record));
  std::string left_behind(cache::time_key(clock.now() + 3600s, "p.example").view());
  raw::put(folder.cache(), "expiry", left_behind, "");
  auto opened = LmdbCache::open({.path = folder.cache()}, clock).value();
  auto count = [&](std::chrono::seconds to) {
    int met = 0;
    REQUIRE(opened->walk_expiring(clock.now(), clock.now() + to, [&](std::string_view, Result<RecordView>) {
      ++met;
      return true;
    }));
    return met;
  };
  CHECK(count(7200s) == 0);
  CHECK(count(86400s) == 1);
}

TEST_CASE("A day of last use written by a clock that was ahead is corrected", "[cache]") {
  Opened t;
  const auto domain = name("good.example");
  auto last_used = [&] {
    auto reader = t.cache->reader();
    REQUIRE(reader);
    ReadGuard guard(**reader);
    auto found = (*reader)->find(domain);
    return found && *found ? (*found)->last_used : 0;
  };
  const auto today = t.clock.day();
  t.clock.turn(400 * 24h);
  REQUIRE(put(*t.cache, domain, policy_record(Mode::enforce, t.clock.now())));
  CHECK(last_used() == today + 400);
  t.clock.turn(-400 * 24h);
  SECTION("by the next lookup") {
    REQUIRE(put(*t.cache, domain, policy_record(Mode::enforce, t.clock.now())));
    CHECK(last_used() == today);
  }
  SECTION("by the next use that is noted") {
    auto reader = t.cache->reader();
    REQUIRE(reader);
    (*reader)->note_use(domain, today);
    settle(*t.cache);
    CHECK(last_used() == today);
  }
  SECTION("not while the present clock is in doubt") {
    t.clock.doubt(t.clock.now() - 24h);
    REQUIRE(put(*t.cache, domain, policy_record(Mode::enforce, t.clock.now())));
    CHECK(last_used() == today + 400);
  }
}

TEST_CASE("While the clock is in doubt, no use is noted after its last certain moment", "[cache]") {
  Opened t;
  const auto domain = name("good.example");
  const auto today = t.clock.day();
  REQUIRE(put(*t.cache, domain, policy_record(Mode::enforce, t.clock.now())));
  t.clock.turn(2 * 24h);
  t.clock.doubt(t.clock.now() - 24h);
  auto reader = t.cache->reader();
  REQUIRE(reader);
  (*reader)->note_use(domain, today + 2);
  auto noted = [&] {
    ReadGuard guard(**reader);
    auto found = (*reader)->find(domain);
    return found && *found ? (*found)->last_used : 0;
  };
  settle(*t.cache);
  CHECK(noted() == today + 1);
}
