// What a HealthCheck concludes over time: outages, restarts, the clock.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/resolver/health_bench.hpp"

namespace mtasts {

using namespace health_bench;

TEST_CASE("the start of an outage and that DNSSEC worked outlive a restart", "[daemon]") {
  Bench bench;
  auto prepared = bench.prepare(true);
  Time long_ago = bench.clock.time - 5h;
  bench.recall({.dnssec_worked_at = long_ago - 24h,
                .dnssec_down_since = long_ago,
                .dnssec_down_seen = bench.clock.time - 5min});
  bench.recursion = bench.forwarded = stripped;
  bench.check.use(prepared);
  CHECK(bench.last().dnssec_worked);
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dnssec_down_since == long_ago);
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  REQUIRE(!bench.remembered.empty());
  CHECK(bench.remembered.back().dnssec_down_since == Time{});
  CHECK(bench.remembered.back().dnssec_worked_at == bench.clock.time);
  bench.recursion = stripped;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.remembered.back().dnssec_down_since == bench.clock.time);
}

TEST_CASE("the root's keys vouch for the clock; blaming it twice in a row puts it in doubt", "[daemon]") {
  struct Witness : fake::FakeClock {
    void vouch() const noexcept override { ++vouched; }
    void deny() const noexcept override { ++denied; }
    mutable int vouched = 0, denied = 0;
  } clock;
  Bench bench;
  HealthCheck check{bench.loop.get_executor(), clock, bench.log, [](std::shared_ptr<Network>) {}};
  check.set_times({.usual = 20ms, .retry = 20ms, .limit = 50ms});
  auto prepared = bench.prepare(true);
  check.use(prepared);
  REQUIRE(bench.until([&] { return clock.vouched > 0; }));
  bench.recursion = bench.forwarded = stripped;
  int before = bench.made;
  REQUIRE(bench.until([&] { return bench.made > before + 12; }));
  CHECK(clock.denied == 0);
  bench.recursion = fake::dns_failure("DNSSEC bogus: signature expired", DnsAnswer::Security::bogus);
  REQUIRE(bench.until([&] { return clock.denied > 0; }));
}

// In an outage's first hour somebody can act, but only on what is seen.
TEST_CASE("an outage of which nobody saw the last days begins a new first hour", "[daemon]") {
  Bench bench;
  Time long_ago = bench.clock.time - 72h;
  bench.recall({.dnssec_worked_at = long_ago - 24h,
                .dnssec_down_since = long_ago,
                .dnssec_down_seen = GENERATE_COPY(long_ago + 1h, Time{})});  // Time{}: of an earlier build
  bench.recursion = bench.forwarded = stripped;
  SECTION("found at once") {}
  SECTION("found after silence") {
    bench.recursion = bench.forwarded = silence;
    bench.check.use(bench.prepare(true));
    REQUIRE(bench.until([&] { return !bench.last().dns_answers; }));
    bench.recursion = bench.forwarded = stripped;
  }
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  Time began = bench.clock.time;
  CHECK(bench.last().dnssec_down_since == began);
  CHECK(bench.remembered.back().dnssec_down_since == began);
  bench.clock.time += 9min;  // the same as the host is asleep for some minutes
  REQUIRE(bench.until([&] { return bench.remembered.back().dnssec_down_seen == bench.clock.time; }));
  CHECK(bench.last().dnssec_down_since == began);
  bench.clock.time += 11min;
  REQUIRE(bench.until([&] { return bench.last().dnssec_down_since == bench.clock.time; }));
}

TEST_CASE("a restart every few minutes does not renew the first hour", "[daemon]") {
  HostMemory memory;
  fake::FakeClock clock;
  const Time began = clock.time;
  memory.dnssec_worked_at = began - 24h;
  for (int start = 0; start < 12; ++start) {
    Bench bench;
    bench.clock.time = began + start * 6min;
    bench.recall(memory);
    bench.recursion = bench.forwarded = stripped;
    bench.check.use(bench.prepare(true));
    REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
    CHECK(bench.last().dnssec_down_since == began);
    REQUIRE(!bench.remembered.empty());
    memory = bench.remembered.back();
  }
}

TEST_CASE("once a minute it is stored that an outage still lasts", "[daemon]") {
  Bench bench;
  bench.recursion = bench.forwarded = stripped;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return bench.published.size() > 5; }));
  CHECK(bench.remembered.size() == 1);
  bench.clock.time += 1min;
  REQUIRE(bench.until([&] { return bench.remembered.size() == 2; }));
  CHECK(bench.remembered.back().dnssec_down_seen == bench.clock.time);
}

TEST_CASE("an outage that began in the future began now", "[daemon]") {
  Bench bench;
  bench.recall({.dnssec_worked_at = bench.clock.time, .dnssec_down_since = bench.clock.time + 24h});
  bench.recursion = bench.forwarded = stripped;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dnssec_down_since == bench.clock.time);
}

TEST_CASE("only DNSSEC questions get no answer: down after an hour if DNSSEC never worked, else not",
          "[daemon]") {
  Bench bench;
  bool worked = GENERATE(false, true);
  if (worked) bench.recall({.dnssec_worked_at = bench.clock.time - 24h});
  bench.recursion = bench.forwarded = silence;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.published.size() > 3; }));
  CHECK(bench.last().dnssec);
  CHECK(!bench.last().dns_answers);
  CHECK(bench.who_for_sts(*prepared) == "192.0.2.53 without validation");
  bench.clock.time += 1h;
  std::size_t before = bench.published.size();
  REQUIRE(bench.until([&] { return bench.published.size() > before + 1; }));
  CHECK(bench.last().dnssec == worked);
}

}  // namespace mtasts
