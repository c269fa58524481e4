// Name servers that never answer, and what they do to good domains.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <string>
#include <vector>

#include "dane_fakes.hpp"
#include "lookup/flights.hpp"
#include "network_world.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

// Every answer takes a round trip. Nothing about a host below dead.example is ever answered: its questions
// fail after 5 s, and go on for a while after that, as in libunbound.
class HalfDeadDns final : public FakeDns {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  boost::asio::awaitable<DnsAnswer> ask(std::string asked, RrType type) override {
    ++now;
    most = std::max(most, now);
    bool dead = asked.ends_with(".dead.example");
    struct Leave {
      ~Leave() {
        --dns.now;
        if (dead) dns.behind.push_back(std::chrono::steady_clock::now() + dns.goes_on);
      }
      HalfDeadDns& dns;
      bool dead;
    } leave{*this, dead};
    co_await a_while(dead ? 5s : round_trip);
    if (dead) co_return dns_failure("timeout");
    if (type == RrType::mx && asked.starts_with("hostile")) co_return dead_hosts(asked);
    if (type == RrType::mx && asked.starts_with("half"))
      co_return mx_answer(
          {{10, "mx." + asked + ".dead.example"}, {10, "mx1." + asked}, {10, "mx2." + asked}});
    if (type == RrType::mx) co_return mx_answer({{10, "mx." + asked}});
    if (type == RrType::a) co_return address(secure);
    if (type == RrType::tlsa) co_return tlsa({"3 1 1 " + digest});
    co_return no_data(secure);
  }
  bool busy() const noexcept override {
    auto is_over = [](Instant end) { return end <= std::chrono::steady_clock::now(); };
    while (!behind.empty() && is_over(behind.front())) behind.pop_front();
    return crowded || static_cast<std::size_t>(now) + behind.size() > 256;
  }
  std::chrono::milliseconds round_trip{10}, goes_on{0};
  bool crowded = false;
  int now = 0, most = 0;
  mutable std::deque<Instant> behind{};

 private:
  static DnsAnswer dead_hosts(const std::string& domain) {
    std::vector<MxRecord> hosts;
    for (int i = 0; i < 10; ++i)
      hosts.push_back({10, "mx" + std::to_string(i) + "." + domain + ".dead.example"});
    return mx_answer(hosts);
  }
};

struct World : NetworkWorld<HalfDeadDns> {
  Flights flights{loop.get_executor(), network, store, clock, [](const FlightReport&) {}};
  std::vector<std::chrono::milliseconds> took;
  int right = 0, asked = 0;

  void ask_hostile() {
    flights.ask({name("hostile" + std::to_string(asked++) + ".example"), Route{}}, [](LookupOutcomePtr) {});
  }
  void ask_good() {
    auto begin = std::chrono::steady_clock::now();
    flights.ask({name("good" + std::to_string(asked++) + ".example"), Route{}},
                [this, begin](LookupOutcomePtr outcome) {
                  took.push_back(std::chrono::round<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - begin));
                  right += outcome->state == LookupOutcome::State::known &&
                           outcome->record.dane.size() == 1 &&
                           outcome->record.dane[0].mx == MxState::secure &&
                           tally(outcome->record.dane[0].hosts, 10).usable == 1;
                });
  }
  // A hundred good domains over 30 s, and so many hostile ones a second.
  void attack(int hostile_a_second) {
    for (int step = 0; step < 300; ++step) {
      for (int i = 0; i < hostile_a_second / 10; ++i) ask_hostile();
      if (step % 3 == 0) ask_good();
      run_for(100ms);
    }
    run_for(20s);
    std::ranges::sort(took);
  }
};

}  // namespace

TEST_CASE("an undisturbed domain, for comparison", "[fair]") {
  World world;
  world.attack(0);
  REQUIRE(world.took.size() == 100);
  CHECK(world.right == 100);
  CHECK(world.took.back() <= 60ms);
}

TEST_CASE("hostile MX sets cost good domains next to nothing", "[fair]") {
  World world;
  world.attack(20);
  REQUIRE(world.took.size() == 100);
  CHECK(world.right == 100);
  CHECK(world.took.back() <= 100ms);
  CHECK(world.dns->most <= 2 * 256 + 256);
  CHECK(world.dns->now == 0);
}

TEST_CASE("with more hostile flights than there are places, a good domain waits for one of them to be slow",
          "[fair]") {
  World world;
  world.attack(100);
  REQUIRE(world.took.size() == 100);
  CHECK(world.right == 100);
  CHECK(world.took.back() <= 700ms);
}

TEST_CASE("while libunbound is full of dead questions, many good domains at once are answered", "[fair]") {
  World world;
  world.dns->goes_on = 25s;
  world.dns->round_trip = 300ms;
  bool was_busy = false;
  for (int step = 0; step < 500; ++step) {
    for (int i = 0; i < 1 + (step % 5 == 0); ++i) world.ask_hostile();
    if (step == 350 || step == 450)
      for (int i = 0; i < 300; ++i) world.ask_good();
    was_busy = was_busy || world.dns->busy();
    world.run_for(100ms);
  }
  world.run_for(20s);
  CHECK(was_busy);
  REQUIRE(world.took.size() == 600);
  CHECK(world.right == 600);
  CHECK(std::ranges::max(world.took) <= 4s);
}

TEST_CASE("a dead MX host costs a domain that host alone, however crowded it is", "[fair]") {
  World world;
  LookupOutcomePtr outcome;
  world.dns->crowded = true;
  world.flights.ask({name("half.example"), Route{}, 5s, 30s},
                    [&](LookupOutcomePtr o) { outcome = std::move(o); });
  world.run_for(60s);
  REQUIRE(outcome);
  REQUIRE(outcome->state == LookupOutcome::State::known);
  REQUIRE(outcome->record.dane.size() == 1);
  CHECK(tally(outcome->record.dane[0].hosts, 10).usable == 2);
  CHECK(tally(outcome->record.dane[0].hosts, 10).failed == 1);
}

TEST_CASE("a host whose questions were never sent has not failed", "[fair]") {
  World world;
  LookupOutcomePtr outcome;
  world.dns->crowded = true;
  world.flights.ask({name("hostile.example"), Route{}, 5s, 30s},
                    [&](LookupOutcomePtr o) { outcome = std::move(o); });
  world.run_for(60s);
  REQUIRE(outcome);
  CHECK(outcome->state == LookupOutcome::State::shortage);
  CHECK(outcome->detail == "too many DNS questions at once");
  CHECK(world.store.records[name("hostile.example")].dane.empty());
}

TEST_CASE("endless prefetches keep neither askers nor rechecks from their turn", "[fair]") {
  World world;
  for (int i = 0; i < 20'000; ++i)
    world.flights.look_up_again(name("hostile" + std::to_string(i) + ".example"), Route{}, Trigger::ask);
  CHECK(world.flights.waiting() <= 1000);
  world.ask_good();
  world.run_for(1s);
  CHECK(world.right == 1);
  auto known = name("known.example");
  world.store.records.emplace(known, stored_policy(world.clock.time - 86400s, "enforce", 604800));
  for (int i = 0; i < 2000; ++i)
    world.flights.look_up_again(name("more" + std::to_string(i) + ".example"), Route{}, Trigger::ask);
  auto waiting = world.flights.waiting();
  world.flights.look_up_again(known, Route{}, Trigger::refresh);
  CHECK(world.flights.waiting() == waiting + 1);
}

TEST_CASE("of one domain with many ports only a few are looked up", "[fair]") {
  World world;
  world.fetch->delay = 30s;
  auto domain = name("good.example");
  for (std::uint16_t port = 1; port <= 2000; ++port)
    world.flights.look_up_again(domain, Route{false, port}, Trigger::ask);
  LookupOutcomePtr outcome;
  world.flights.ask({domain, Route{false, 3000}}, [&](LookupOutcomePtr o) { outcome = std::move(o); });
  REQUIRE(outcome);
  CHECK(outcome->state == LookupOutcome::State::shortage);
  world.run_for(60s);
  REQUIRE(world.store.records.contains(domain));
  CHECK(world.store.records.at(domain).dane.size() <= 16);
}

TEST_CASE("a flight is not launched once its askers have had their answers", "[fair]") {
  World world;
  world.flights.use(nullptr);
  LookupOutcomePtr early, late;
  world.flights.ask({name("good.example"), Route{}, 1s, 1s},
                    [&](LookupOutcomePtr o) { early = std::move(o); });
  world.flights.ask({name("other.example"), Route{}, 1s, 8s},
                    [&](LookupOutcomePtr o) { late = std::move(o); });
  boost::asio::steady_timer pause(world.loop, 2s);
  pause.async_wait([](auto) {});
  world.run_for(2s);
  world.flights.use(world.network);
  world.run_for(2s);
  REQUIRE(early);
  CHECK(early->state == LookupOutcome::State::pending);
  REQUIRE(late);
  CHECK(late->state == LookupOutcome::State::known);
  world.ask_good();
  world.run_for(1s);
  CHECK(world.right == 1);
}
