// Name servers that never answer, and what good domains feel of them.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "dane_fakes.hpp"
#include "lookup/flights.hpp"
#include "network_world.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

// Every answer takes 10 ms. Nothing about a host below dead.example is ever answered, and that takes 5 s.
class HalfDeadDns final : public FakeDns {
 public:
  boost::asio::awaitable<DnsAnswer> ask(std::string asked, RrType type) override {
    ++now;
    most = std::max(most, now);
    bool dead = asked.ends_with(".dead.example");
    struct Leave {
      ~Leave() { --count; }
      int& count;
    } leave{now};
    co_await a_while(dead ? 5s : 10ms);
    if (dead) co_return dns_failure("timeout");
    if (type == RrType::mx && asked.starts_with("hostile")) co_return dead_hosts(asked);
    if (type == RrType::mx) co_return mx_answer({{10, "mx." + asked}});
    if (type == RrType::a) co_return address(secure);
    if (type == RrType::tlsa) co_return tlsa({"3 1 1 " + digest});
    co_return no_data(secure);
  }
  int now = 0, most = 0;

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
    flights.ask({name("hostile" + std::to_string(asked++) + ".example"), Route{}}, [](OutcomePtr) {});
  }
  void ask_good() {
    auto begin = std::chrono::steady_clock::now();
    flights.ask({name("good" + std::to_string(asked++) + ".example"), Route{}}, [this,
                                                                                 begin](OutcomePtr outcome) {
      took.push_back(std::chrono::round<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin));
      right += outcome->state == Outcome::State::known && outcome->record.dane.size() == 1 &&
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
