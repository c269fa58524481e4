// A wrong clock neither destroys a policy nor ends it: every combination of a clock that is behind or ahead,
// of DNS and of HTTPS, with lookups before the jump, while the clock is wrong, and after that.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/clock_belief.hpp"
#include "fakes.hpp"
#include "lookup/freshness.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t week = 7 * 86400;

// A machine whose time of day can be set, and that judges it as the daemon does.
class TurnedClock final : public Clock {
 public:
  Moment moment() const noexcept override {
    belief_ = observe(belief_, reading());
    return moment_of(belief_, reading());
  }
  void vouch() const noexcept override { belief_ = mtasts::vouch(belief_, reading()); }
  void set_off_by(std::chrono::seconds off) { off_ = off; }
  void pass(std::chrono::seconds time) { boottime_ += time; }
  Time real() const { return Time(1'800'000'000s + boottime_); }

 private:
  ClockReading reading() const { return {real() + off_, boottime_}; }
  std::chrono::seconds boottime_ = 1h, off_ = 0s;
  mutable ClockBelief belief_ = first_belief(reading(), {1}, {});
};

enum class Answers { works, no_record, fails, bogus };

DnsAnswer dns_answer(Answers how) {
  switch (how) {
    case Answers::works: return txt({"v=STSv1; id=1;"});
    case Answers::no_record: return txt({});
    case Answers::fails: return dns_failure("timeout");
    case Answers::bogus: break;
  }
  return dns_failure("signature expired", DnsAnswer::Security::bogus);
}

struct World {
  TurnedClock clock;
  FakeDns dns;
  FakeFetch fetch;
  boost::asio::io_context loop;
  Record stored = stored_policy(clock.real() - 24h, "enforce", week);
  int fetches = 0;

  void discover_once(Trigger trigger) {
    const Record before = stored;
    auto done = boost::asio::co_spawn(
        loop, discover(dns, fetch, clock, name("example.com"), std::optional(stored), trigger),
        boost::asio::use_future);
    loop.restart();
    loop.run();
    Discovery found = done.get();
    stored = found.record;
    bool fetched = found.fetched && fetch.answer;
    fetches += fetched;
    REQUIRE(stored.policy);
    CHECK(stored.policy == before.policy);
    CHECK(stored.id == before.id);
    if (!fetched) CHECK(stored.fetched_at == before.fetched_at);
    CHECK(stored.fetched_at <= clock.real() + max_step);
    CHECK(policy_in_force(view(stored), clock.moment()));
    RecordView record = view(stored);
    CHECK(decide(clock.moment(), &record, std::nullopt, {}, {.settings = {.dane = false}}).verdict ==
          Verdict::secure);
  }
};

}  // namespace

TEST_CASE("a wrong clock neither changes a stored policy nor puts it out of force", "[lookup][clock]") {
  auto off = GENERATE(-57 * 365 * 24h, -75 * 24h, -8 * 24h, 8 * 24h, 365 * 24h);
  auto answers = GENERATE(Answers::works, Answers::no_record, Answers::fails, Answers::bogus);
  bool fetch_works = GENERATE(true, false);
  auto trigger = GENERATE(Trigger::ask, Trigger::refresh);
  CAPTURE(off.count(), int(answers), fetch_works, int(trigger));

  World world;
  world.fetch.answer = fetch_works ? ok(body("enforce", week)) : http_failure(FetchStep::tls, "expired");
  world.dns.answer = dns_answer(Answers::works);
  world.discover_once(trigger);  // before
  world.dns.answer = dns_answer(answers);
  world.clock.set_off_by(off);
  for (int i = 0; i < 3; ++i) {  // during
    world.clock.pass(100s);
    world.discover_once(trigger);
  }
  world.clock.set_off_by(0s);
  for (int i = 0; i < 30; ++i) {  // after; the doubt ends if something vouches
    world.clock.pass(100s);
    world.discover_once(trigger);
  }
  CHECK((fetch_works || world.fetches == 0));
}

TEST_CASE("a policy that had expired before the clock jumped stays expired", "[lookup][clock]") {
  auto off = GENERATE(-75 * 24h, 365 * 24h);
  World world;
  world.stored.fetched_at = world.clock.real() - 8 * 24h;
  CHECK_FALSE(policy_in_force(view(world.stored), world.clock.moment()));
  world.clock.set_off_by(off);
  CHECK_FALSE(world.clock.moment().clock.certain);
  CHECK_FALSE(policy_in_force(view(world.stored), world.clock.moment()));
}

TEST_CASE("a policy fetched while the clock is in doubt is in force then and afterwards", "[lookup][clock]") {
  auto off = GENERATE(-75 * 24h, 75 * 24h);
  World world;
  world.clock.set_off_by(off);
  world.fetch.answer = ok(body("enforce", 86400));
  world.dns.answer = txt({"v=STSv1; id=1;"});
  auto done = boost::asio::co_spawn(
      world.loop,
      discover(world.dns, world.fetch, world.clock, name("new.example"), std::nullopt, Trigger::ask),
      boost::asio::use_future);
  world.loop.run();
  Record fresh = done.get().record;
  CHECK(fresh.fetched_at == world.clock.real());
  CHECK(policy_in_force(view(fresh), world.clock.moment()));
  world.clock.set_off_by(0s);
  world.clock.pass(11min);
  world.clock.vouch();
  CHECK_FALSE(world.clock.moment().clock.certain);  // the clock has just jumped back
  CHECK(policy_in_force(view(fresh), world.clock.moment()));
  world.clock.pass(10min);
  CHECK(world.clock.moment().clock.certain);
  CHECK(policy_in_force(view(fresh), world.clock.moment()));
  world.clock.pass(24h);
  CHECK_FALSE(policy_in_force(view(fresh), world.clock.moment()));
}
