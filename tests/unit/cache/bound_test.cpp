// The bound on pages in use (cache/eviction.hpp): what is evicted, in which order, and what never is.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t small = 1 << 20;

struct Bounded {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  std::unique_ptr<LmdbCache> cache;

  explicit Bounded(std::uint64_t max_size = small) {
    auto made = LmdbCache::open({.path = folder.cache(), .max_size = max_size, .log = log.sink()}, clock);
    REQUIRE(made);
    cache = std::move(*made);
  }
  std::size_t count(const std::string& prefix) {
    std::size_t n = 0;
    REQUIRE(cache->walk([&](std::string_view domain, const Result<RecordView>&) {
      n += domain.starts_with(prefix + "-");
      return true;
    }));
    return n;
  }
  void fill(const std::string& prefix, int to, const Record& record) {
    REQUIRE(put_many(*cache, prefix, 0, to, record) == std::size_t(to));
  }
};

// A policy that a stranger has made as large as a policy can be.
Record hostile_record(Mode mode, Time now, std::size_t hosts, std::size_t other_lines) {
  std::string body = "version: STSv1\nmode: " + std::string(words(mode)) + "\nmax_age: 86400\n";
  for (std::size_t n = 0; n < hosts; ++n)
    body += "mx: " + std::to_string(10'000 + n) + "." + std::string(42, 'a') + ".example\n";
  for (std::size_t n = 0; n < other_lines; ++n) body += "x: " + std::string(57, 'x') + "\n";
  auto policy = lint_policy(body).policy;
  REQUIRE(policy);
  auto record = policy_record(mode, now);
  record.policy = std::move(policy);
  return record;
}

// As the newer of the two meta pages says, which a program that opens the file now would read.
bool lacks_pages(const std::string& path) {
  std::string bytes(8192, '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), 8192);
  std::uint64_t txn[2], last[2];
  for (std::size_t n : {0u, 1u}) {
    std::memcpy(&last[n], bytes.data() + n * 4096 + 136, 8);
    std::memcpy(&txn[n], bytes.data() + n * 4096 + 144, 8);
  }
  return (last[txn[1] > txn[0] ? 1 : 0] + 1) * 4096 > std::filesystem::file_size(path);
}

// Puts different entries in one commit. There may be no room for some.
void put_together(LmdbCache& cache, const std::vector<std::pair<DomainName, Record>>& batch) {
  boost::asio::io_context loop;
  std::vector<std::optional<Result<void>>> outcomes(batch.size());
  for (std::size_t n = 0; n < batch.size(); ++n)
    boost::asio::co_spawn(loop, put_into(cache.store(), batch[n].first, batch[n].second, outcomes[n]),
                          boost::asio::detached);
  loop.run();
  for (const auto& outcome : outcomes) REQUIRE(outcome);
}

}  // namespace

TEST_CASE("Enforce policies in force survive tens of thousands of junk domains", "[cache]") {
  Bounded t;
  t.fill("enforce", 400, policy_record(Mode::enforce, t.clock.now()));
  t.fill("junk", 30'000, negative_record(t.clock.now()));
  t.fill("test", 10'000, policy_record(Mode::testing, t.clock.now()));
  t.fill("none", 10'000, policy_record(Mode::none, t.clock.now()));
  CHECK(t.count("enforce") == 400);
  CHECK(t.cache->stats()->used_bytes <= small + 64 * 1024);
  for (int n : {0, 1, 200, 399})
    CHECK((*t.cache->store().get(numbered("enforce", n)))->policy->mode == Mode::enforce);
}

TEST_CASE("Negatives have a fifth of the cache at most", "[cache]") {
  Bounded t;
  t.fill("test", 600, policy_record(Mode::testing, t.clock.now()));
  auto before = t.cache->stats()->used_bytes;
  REQUIRE(before < small / 2);
  t.fill("junk", 20'000, negative_record(t.clock.now()));
  CHECK(t.count("test") == 600);
  CHECK(t.count("junk") > 100);
  auto grown = t.cache->stats()->used_bytes - before;
  CHECK(grown < small / 4);
  CHECK(grown > small / 8);
  CHECK(t.cache->store()
            .get(numbered("junk", 19'999))
            ->has_value());  // the newest stays, the oldest was evicted
  CHECK_FALSE(t.cache->store().get(numbered("junk", 0))->has_value());
}

TEST_CASE("Order of eviction: expired, none, testing; never what belongs to the negatives", "[cache]") {
  Bounded t;
  t.fill("expired", 300, policy_record(Mode::enforce, t.clock.now(), 3600));
  t.clock.turn(2h);
  t.fill("junk", 300, negative_record(t.clock.now()));
  t.fill("none", 300, policy_record(Mode::none, t.clock.now()));
  t.fill("test", 300, policy_record(Mode::testing, t.clock.now()));
  REQUIRE(t.count("expired") == 300);
  REQUIRE(t.count("junk") == 300);

  bool expired_first = true, none_second = true;
  for (int n = 0; n < 3000 && t.count("test") == 300; n += 100) {
    put_many(*t.cache, "enforce", n, n + 100, policy_record(Mode::enforce, t.clock.now()));
    auto expired = t.count("expired"), none = t.count("none"), test = t.count("test");
    if (none < 300 && expired > 0) expired_first = false;
    if (test < 300 && none > 0) none_second = false;
  }
  CHECK(expired_first);
  CHECK(none_second);
  CHECK(t.count("junk") == 300);
  CHECK(t.count("expired") == 0);
  CHECK(t.count("none") == 0);
  CHECK(t.count("test") < 300);
}

TEST_CASE("Full of enforce policies: new ones are still stored, the rest is refused with one warning",
          "[cache]") {
  Bounded t;
  t.fill("enforce", 6000, policy_record(Mode::enforce, t.clock.now()));
  CHECK(t.count("enforce") == 6000);
  t.fill("test", 50, policy_record(Mode::testing, t.clock.now()));
  t.fill("none", 50, policy_record(Mode::none, t.clock.now()));
  CHECK(t.count("test") == 0);
  CHECK(t.count("none") == 0);
  CHECK(t.log.count(1, "full of policies in force") == 1);
  // A policy that changes its mode is not a new entry: keeping the old one would break mail to that domain.
  REQUIRE(put(*t.cache, numbered("enforce", 7), policy_record(Mode::testing, t.clock.now(), 86400, "2")));
  CHECK((*t.cache->store().get(numbered("enforce", 7)))->policy->mode == Mode::testing);

  t.cache->set_max_size(64 * small);
  REQUIRE(put(*t.cache, name("late.example"), policy_record(Mode::testing, t.clock.now())));
  CHECK(t.cache->store().get(name("late.example"))->has_value());
}

TEST_CASE("Policies of any mode, however large and many, leave the negatives their fifth", "[cache]") {
  struct Row {
    const char* why;
    Mode mode;
    std::size_t hosts, other_lines;  // of the policy, some 60 octets each
    bool all_stay;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"as many mx as a policy may have", Mode::enforce, 1000, 1, true},
      {"lines that mean nothing", Mode::enforce, 1, 1000, true},
      {"both", Mode::enforce, 200, 800, true},
      {"mode testing", Mode::testing, 1000, 1, false},
      {"mode none", Mode::none, 1000, 1, false},
  }));
  INFO(row.why);
  constexpr std::uint64_t max_size = 16 << 20;
  Bounded t(max_size);
  t.fill("early", 100, negative_record(t.clock.now()));
  const auto record = hostile_record(row.mode, t.clock.now(), row.hosts, row.other_lines);
  t.fill("hostile", 400, record);
  t.fill("late", 1000, negative_record(t.clock.now()));
  CHECK(t.count("early") == 100);
  CHECK(t.count("late") == 1000);
  auto hostile = t.count("hostile");
  CHECK((hostile == 400) == row.all_stay);
  CHECK(hostile > 50);
  if (!row.all_stay) CHECK(t.cache->stats()->used_bytes < max_size);

  // They stay while more hostile ones are stored.
  put_many(*t.cache, "hostile", 400, 500, record);
  CHECK(t.count("late") == 1000);
  CHECK((t.count("hostile") == 500) == row.all_stay);
}

TEST_CASE("Negatives leave the policies their four fifths", "[cache]") {
  Bounded t;
  t.fill("junk", 20'000, negative_record(t.clock.now()));
  auto junk = t.cache->stats()->used_bytes;
  t.fill("test", 5000, policy_record(Mode::testing, t.clock.now()));
  CHECK(t.count("test") > 1000);
  CHECK(t.cache->stats()->used_bytes - junk > small / 5 * 3);
  CHECK(t.cache->stats()->used_bytes < small + 64 * 1024);
}

TEST_CASE("The entry unused for longest is evicted first", "[cache]") {
  Bounded t;
  t.fill("old", 500, policy_record(Mode::testing, t.clock.now()));
  t.clock.turn(48h);
  t.fill("new", 500, policy_record(Mode::testing, t.clock.now()));
  auto reader = t.cache->reader();
  REQUIRE(reader);
  (*reader)->note_use(numbered("old", 250), t.clock.day());
  settle(*t.cache);
  CHECK(t.cache->store().due(t.clock.now(), 1, t.clock.day()).size() == 1);
  for (int n = 0; n < 5000 && t.count("old") > 100; n += 50)
    put_many(*t.cache, "enforce", n, n + 50, policy_record(Mode::enforce, t.clock.now()));
  CHECK(t.count("old") <= 100);
  CHECK(t.count("new") == 500);
  CHECK(t.cache->store().get(numbered("old", 250))->has_value());
}

TEST_CASE("while the clock is in doubt nothing is evicted, and only a fetched policy replaces a policy",
          "[cache]") {
  Bounded t;
  auto start = t.clock.now();
  t.fill("short", 300, policy_record(Mode::enforce, start, 3600));
  t.clock.turn(30 * 24h);
  t.clock.doubt(t.clock.now());
  t.fill("enforce", 5000, policy_record(Mode::enforce, start + 24h));
  CHECK(t.count("short") == 300);
  REQUIRE(put(*t.cache, numbered("short", 5), negative_record(t.clock.now())));
  CHECK((*t.cache->store().get(numbered("short", 5)))->policy);
  put(*t.cache, name("testing.example"),
      policy_record(Mode::testing, t.clock.now()));  // there is no room for it
  CHECK_FALSE(t.cache->store().get(name("testing.example"))->has_value());
  put_many(*t.cache, "junk", 0, 5000, negative_record(t.clock.now()));  // for some there is room
  auto junk = t.count("junk");
  CHECK(junk > 100);
  CHECK(junk < 5000);
  CHECK(t.cache->store().get(numbered("junk", 0))->has_value());
  CHECK_FALSE(t.cache->store().get(numbered("junk", 4999))->has_value());

  t.clock.trust();
  REQUIRE(put(*t.cache, name("next.example"), policy_record(Mode::enforce, t.clock.now())));
  CHECK(t.count("short") == 0);
}

TEST_CASE("an expired policy gives way to a negative entry after 30 days and not before", "[cache]") {
  Bounded t;
  auto record = policy_record(Mode::enforce, t.clock.now(), 3600);
  REQUIRE(put(*t.cache, name("a.example"), record));
  t.clock.turn(30 * 24h + 3599s);
  REQUIRE(put(*t.cache, name("a.example"), negative_record(t.clock.now())));
  auto stored = *t.cache->store().get(name("a.example"));
  REQUIRE(stored->policy);
  CHECK(stored->fetched_at == record.fetched_at);
  CHECK(stored->last_lookup.state == StsState::no_record);
  t.clock.turn(1s);
  REQUIRE(put(*t.cache, name("a.example"), negative_record(t.clock.now())));
  CHECK_FALSE((*t.cache->store().get(name("a.example")))->policy);
}

TEST_CASE("meta remembers the newest fetch and the last certain moment", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto start = clock.now();
  auto past = [&] {
    auto cache = LmdbCache::open({.path = folder.cache()}, clock);
    REQUIRE(cache);
    return (*cache)->clock_past().value();
  };
  auto put_one = [&](const char* domain, const Record& record) {
    auto cache = LmdbCache::open({.path = folder.cache()}, clock);
    REQUIRE(cache);
    REQUIRE(put(**cache, name(domain), record));
  };
  CHECK(past().mark == ClockMark{});
  auto record = policy_record(Mode::enforce, start);
  put_one("a.example", record);
  CHECK(past().newest_fetch == start);
  CHECK(past().mark.last_certain == start);

  clock.turn(1h);
  clock.doubt(start + 30min);
  record.last_lookup.at = clock.now();
  put_one("a.example", record);  // a lookup without a fetch
  CHECK(past().newest_fetch == start);
  CHECK(past().mark.last_certain == start);
  put_one("a.example", policy_record(Mode::enforce, start + 20 * 365 * 24h));
  CHECK(past().newest_fetch == start + 20 * 365 * 24h);

  // Certain again: a time in the future was written by a wrong clock.
  clock.trust();
  put_one("b.example", negative_record(clock.now()));
  CHECK(past().newest_fetch == clock.now());
  CHECK(past().mark.last_certain == clock.now());

  HostMemory memory{start, start + 1s, start + 2s, start + 3s};
  {
    auto cache = LmdbCache::open({.path = folder.cache()}, clock);
    CHECK((*cache)->host_memory().value() == HostMemory{});
    (*cache)->remember(memory);
  }
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  CHECK((*cache)->host_memory().value() == memory);
}

TEST_CASE("Big records at the bound: every policy survives every restart", "[cache]") {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  std::mt19937 random(4);
  auto policy = [&](unsigned hosts) {
    auto record = policy_record(random() % 4 == 0 ? Mode::enforce : Mode::testing, clock.now());
    for (; hosts > 0; --hosts)
      record.policy->mx.append(  // overflow pages
          MxPattern::parse("host-number-" + std::to_string(hosts) + ".mail.example").value());
    return record;
  };
  std::uint64_t kept = 0, short_files = 0;
  for (int round = 0; round < 25; ++round) {
    auto made = LmdbCache::open({.path = folder.cache(), .max_size = 4 * small, .log = log.sink()}, clock);
    REQUIRE(made);
    REQUIRE((*made)->stats()->policies == kept);
    for (auto turn = 1 + random() % 4; turn > 0; --turn) {
      std::vector<std::pair<DomainName, Record>> batch;
      for (int n = 0; n < 50; ++n) {
        auto domain = numbered("big", int(random() % 2000));
        if (n % 2 == 0) batch.emplace_back(numbered("junk", n), negative_record(clock.now()));
        batch.emplace_back(domain, policy(random() % 800));
        // Its pages are freed by the transaction that took them.
        if (n % 3 == 0 || n == 49) batch.emplace_back(domain, policy(1));
      }
      put_together(**made, batch);
      clock.turn(60s);
      short_files += lacks_pages(folder.file("data.mdb"));
    }
    kept = (*made)->stats()->policies;
  }
  CHECK(kept > 100);
  CHECK(short_files == 0);
  CHECK(log.count(2, "") == 0);
  CHECK(files_like(folder.cache(), "data.mdb.bad-").empty());
}
