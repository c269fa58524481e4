// When the clock is certain and when it is in doubt (core/clock_belief.hpp).
#include "core/clock_belief.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "core/crc32c.hpp"
#include "core/dane_codec.hpp"
#include "core/host_memory.hpp"
#include "core/policy_life.hpp"

using namespace mtasts;
using namespace std::chrono_literals;

namespace {

constexpr Time t0{1'800'000'000s};
constexpr BootId this_boot{1, 2, 3}, other_boot{9};

constexpr ClockReading at(Time wall, std::chrono::seconds boottime) { return {wall, boottime}; }

// The machine has been up for an hour at t0.
constexpr ClockReading start = at(t0, 3600s);
// `later` after start, with the time of day off by `off`.
constexpr ClockReading after(std::chrono::seconds later, std::chrono::seconds off = 0s) {
  return at(t0 + later + off, 3600s + later);
}

ClockBelief sure() { return first_belief(start, this_boot, {}); }
bool is_certain(const ClockBelief& belief) { return belief.doubt == ClockDoubt::none; }

}  // namespace

TEST_CASE("whether the clock is in doubt at start", "[clock]") {
  struct Row {
    const char* what;
    ClockPast past;
    ClockDoubt doubt;
    Time believed;
  };
  const Row rows[] = {
      {"nothing is known", {}, ClockDoubt::none, t0},
      {"a fetch a minute ago", {t0 - 60s, {}}, ClockDoubt::none, t0},
      {"a fetch in the future", {t0 + 75 * 24h, {}}, ClockDoubt::behind_fetch, t0 + 75 * 24h},
      {"a fetch in the future, by no more than a step", {t0 + 60s, {}}, ClockDoubt::none, t0},
      {"certain an hour ago, before a reboot", {{}, {t0 - 1h, 9999s, other_boot}}, ClockDoubt::none, t0},
      {"certain in the future", {{}, {t0 + 1h, 5s, other_boot}}, ClockDoubt::behind_mark, t0 + 1h},
      {"certain two days ago, before a reboot",
       {{}, {t0 - 48h, 5s, other_boot}},
       ClockDoubt::long_absence,
       t0},
      {"the same in a cache that has no mark yet", {t0 - 48h, {}}, ClockDoubt::long_absence, t0},
      {"stopped for half an hour", {{}, {t0 - 30min, 1800s, this_boot}}, ClockDoubt::none, t0},
      {"stopped for half an hour, and the clock was put back a day meanwhile",
       {{}, {t0 + 23h + 30min, 1800s, this_boot}},
       ClockDoubt::jumped,
       t0 + 24h},
      {"stopped for half an hour, and the clock was put ahead a year meanwhile",
       {{}, {t0 - 365 * 24h - 30min, 1800s, this_boot}},
       ClockDoubt::jumped,
       t0 - 365 * 24h},
      {"the mark is certain, the newest fetch of an older build lies ahead",
       {t0 + 1h, {t0 - 1h, 5s, other_boot}},
       ClockDoubt::behind_fetch,
       t0 + 1h},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    ClockBelief belief = first_belief(start, this_boot, row.past);
    CHECK(belief.doubt == row.doubt);
    CHECK(moment_of(belief, start).now == row.believed);
    CHECK(moment_of(belief, start).clock.certain == (row.doubt == ClockDoubt::none));
  }
}

TEST_CASE("a jump of the clock begins a doubt, and time goes on by the time since boot", "[clock]") {
  for (std::chrono::seconds jump :
       {std::chrono::seconds(-75 * 24h), -61s, 61s, std::chrono::seconds(365 * 24h)}) {
    INFO(jump.count());
    ClockBelief belief = observe(sure(), after(100s, jump));
    CHECK(belief.doubt == ClockDoubt::jumped);
    CHECK(belief.jump == jump);
    CHECK(belief.last_certain == t0 + 100s);
    Moment moment = moment_of(belief, after(160s, jump));
    CHECK(moment.now == t0 + 160s);
    CHECK(moment.judged_at() == t0 + 100s);
  }
}

TEST_CASE("small steps are followed, but not many at once", "[clock]") {
  ClockBelief belief = sure();
  for (int i = 1; i <= 5; ++i) belief = observe(belief, after(i * 600s, i * 50s));
  CHECK(is_certain(belief));
  belief = observe(belief, after(3001s, 290s));
  CHECK(is_certain(belief));
  belief = observe(belief, after(3002s, 330s));  // 80 s within ten minutes
  CHECK(belief.doubt == ClockDoubt::jumped);
}

TEST_CASE("time in suspend is not a jump", "[clock]") { CHECK(is_certain(observe(sure(), after(9 * 24h)))); }

TEST_CASE("a doubt ends when somebody vouches and the clock has not jumped for ten minutes", "[clock]") {
  ClockBelief belief = observe(sure(), after(10s, 1h));
  SECTION("nobody vouches") { CHECK_FALSE(is_certain(observe(belief, after(30 * 24h, 1h)))); }
  SECTION("vouched at once: ten minutes are waited for") {
    belief = vouch(belief, after(11s, 1h));
    CHECK_FALSE(is_certain(observe(belief, after(609s, 1h))));
    belief = observe(belief, after(610s, 1h));
    CHECK(is_certain(belief));
    CHECK(moment_of(belief, after(610s, 1h)).now == t0 + 610s + 1h);
  }
  SECTION("vouched late") { CHECK(is_certain(vouch(belief, after(4000s, 1h)))); }
  SECTION("another jump, also back, begins the wait again") {
    belief = vouch(belief, after(300s, 1h));
    belief = observe(belief, after(400s));
    CHECK_FALSE(is_certain(observe(belief, after(900s))));
    CHECK_FALSE(is_certain(observe(belief, after(4000s))));  // another time of day was vouched for
    belief = vouch(belief, after(4001s));
    CHECK(is_certain(belief));
  }
}

TEST_CASE("signatures of the root's keys that are out of date begin a doubt", "[clock]") {
  ClockBelief belief = deny(sure(), after(10s));
  CHECK(belief.doubt == ClockDoubt::keys_out_of_date);
  CHECK(moment_of(belief, after(20s)).judged_at() == t0 + 10s);
  belief = vouch(belief, after(300s));
  CHECK_FALSE(is_certain(observe(belief, after(600s))));
  CHECK(is_certain(observe(belief, after(610s))));
  belief = deny(belief, after(500s));
  CHECK_FALSE(is_certain(vouch(belief, after(1000s))));
}

TEST_CASE("a policy is judged by the last certain moment while the clock is in doubt", "[clock][decide]") {
  PolicyView policy;
  policy.mode = Mode::enforce;
  policy.max_age = 86400;
  struct Row {
    const char* what;
    Time fetched_at;
    Moment moment;
    bool holds, stays;
  };
  Time last = t0;
  const Row rows[] = {
      {"certain, within max_age", t0 - 86399s, certain(t0), true, true},
      {"certain, expired", t0 - 86400s, certain(t0), false, true},
      {"certain, expired for 30 days", t0 - 86400s - 30 * 24h, certain(t0), false, false},
      {"in doubt, held at the last certain moment", t0 - 86399s, in_doubt(t0 + 400 * 24h, last), true, true},
      {"in doubt, had expired then", t0 - 86400s, in_doubt(t0 + 1h, last), false, true},
      {"in doubt, had expired long before", t0 - 400 * 24h, in_doubt(t0 + 1h, last), false, true},
      {"in doubt, fetched since", t0 + 5h, in_doubt(t0 + 6h, last), true, true},
      {"STS-33: fetched in the future", t0 + 999h, certain(t0), true, true},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(holds(policy, row.fetched_at, row.moment) == row.holds);
    CHECK(must_stay(policy, row.fetched_at, row.moment) == row.stays);
  }
}

TEST_CASE("what meta keeps of the clock and the host survives its stored form", "[clock]") {
  ClockMark mark{t0, 3600s, this_boot};
  HostMemory memory{t0, t0 - 1h, t0 - 2h, t0 - 3h, t0 - 4h};
  CHECK(decode_clock_mark(encode(mark)) == mark);
  CHECK(decode_host_memory(encode(memory)) == memory);
  // Form 1, of an earlier build: all but the last time.
  std::string first = encode(memory);
  first.resize(first.size() - 12);
  first[0] = 1;
  append_little(first, crc32c(first), 4);
  memory.dnssec_down_seen = Time{};
  CHECK(decode_host_memory(first) == memory);
  std::string bytes = encode(mark);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    CHECK_FALSE(decode_clock_mark(bad));
    CHECK_FALSE(decode_clock_mark(bytes.substr(0, i)));
  }
  CHECK_FALSE(decode_host_memory(""));
  CHECK_FALSE(decode_clock_mark(encode(ClockMark{Time(most_seconds), 0s, {}})));
  CHECK_FALSE(decode_clock_mark(encode(ClockMark{t0, -1s, {}})));
}
