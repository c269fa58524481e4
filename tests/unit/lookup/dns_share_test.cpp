#include "lookup/dns_share.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>

#include "fakes.hpp"
#include "tests/unit/net/run.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

// Counts the questions that still wait inside of it: one that is cancelled leaves.
class PatientDns final : public Dns {
 public:
  boost::asio::awaitable<DnsAnswer> ask(std::string, RrType) override {
    struct Inside {
      explicit Inside(int& count_) : count(count_) { ++count; }
      ~Inside() { --count; }
      int& count;
    } inside(now);
    co_await a_while(delay);
    co_return txt({"v=STSv1; id=1;"});
  }
  std::chrono::milliseconds delay{1h};
  int now = 0;
};

struct World {
  boost::asio::io_context loop;
  std::shared_ptr<PatientDns> dns = std::make_shared<PatientDns>();
  std::optional<DnsShares> shares{std::in_place, loop.get_executor(),
                                  DnsTurns::Limits{.own = 1, .shared = 2}};
  auto share() { return std::make_shared<DnsShare>(*shares); }
  auto ask(const std::shared_ptr<DnsShare>& share, std::string name) {
    return start(loop, share->ask(dns, std::move(name), RrType::txt));
  }
};

}  // namespace

TEST_CASE(
    "a flight sends as many questions as it has slots, and another flight's question goes out beside them",
    "[share]") {
  World world;
  auto hostile = world.share(), good = world.share();
  for (int i = 0; i < 10; ++i) world.ask(hostile, "h" + std::to_string(i));
  run_for(world.loop, 1ms);
  CHECK(world.dns->now == 3);
  CHECK(good->busy());
  world.dns->delay = 10ms;
  auto answer = world.ask(good, "good");
  run_for(world.loop, 20ms);
  REQUIRE(answer->has_value());
  CHECK((*answer)->kind == DnsAnswer::Kind::data);
}

TEST_CASE("the questions of a flight that has ended are cancelled, and their slots are free", "[share]") {
  World world;
  auto gone = world.share(), other = world.share();
  std::vector<decltype(world.ask(gone, ""))> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(world.ask(gone, "h" + std::to_string(i)));
  run_for(world.loop, 1ms);
  auto first = world.ask(other, "first"), second = world.ask(other, "second");
  run_for(world.loop, 1ms);
  CHECK(world.dns->now == 4);
  gone->close();
  run_for(world.loop, 1ms);
  CHECK(world.dns->now == 2);  // both of the other flight
  for (const auto& answer : answers) {
    REQUIRE(answer->has_value());
    CHECK((*answer)->kind == DnsAnswer::Kind::failed);
  }
  auto late = world.ask(gone, "late");
  run_for(world.loop, 1ms);
  REQUIRE(late->has_value());
  CHECK((*late)->kind == DnsAnswer::Kind::failed);
  CHECK(world.dns->now == 2);
}

TEST_CASE("a question outlives the share and the shares of its flight", "[share]") {
  World world;
  world.dns->delay = 10ms;
  auto share = world.share();
  auto answer = world.ask(share, "a");
  world.shares.reset();
  share.reset();
  run_for(world.loop, 20ms);
  REQUIRE(answer->has_value());
  CHECK((*answer)->kind == DnsAnswer::Kind::failed);
}
