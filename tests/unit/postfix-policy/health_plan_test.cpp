#include "postfix-policy/health_plan.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/lookup/fakes.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;

// As a trial does: by a copy of the function.
std::shared_ptr<Dns> make(MakeDns make_one, Way way) { return make_one(way, {}).value(); }

}  // namespace

TEST_CASE("the Dns that is ready is tried once; later trials have no cache", "[daemon]") {
  asio::io_context loop{1};
  Config config;
  config.dns.forward_auto = true;
  config.dns.trust_anchor.clear();  // nothing is asked here
  auto ready = std::make_shared<fake::FakeDns>();
  HealthPlan plan = make_health_plan(loop, config, ready, {"192.0.2.53"});
  CHECK(plan.made_for == Resolvers{"192.0.2.53"});
  CHECK(!plan.private_zones);
  auto by_resolvers = make(plan.make, Way::unvalidated);
  auto first = make(plan.make, Way::recursion);
  auto second = make(plan.make, Way::recursion), third = make(plan.make, Way::recursion);
  CHECK(by_resolvers != ready);
  CHECK(first == ready);
  CHECK(second != ready);
  CHECK(third != ready);
  CHECK(second != third);
}

}  // namespace mtasts
