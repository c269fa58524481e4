#include "resolver/health_plan.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/name_servers.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using test::name_servers;

// Through a copy of the function, as a trial does.
std::shared_ptr<Dns> make(MakeDns make_one, Way way) { return make_one(way, {}).value(); }

}  // namespace

TEST_CASE("the Dns that is ready is tried once; later trials have no cache", "[daemon]") {
  asio::io_context loop{1};
  Config config;
  config.dns.forward_auto = true;
  config.dns.trust_anchor.clear();  // nothing is asked here
  auto ready = std::make_shared<fake::FakeDns>();
  HealthPlan plan = make_health_plan(loop, config, ready, name_servers({"192.0.2.53"}));
  CHECK(plan.made_for == name_servers({"192.0.2.53"}));
  CHECK(!plan.private_zones);
  CHECK(plan.ready == ready);
  CHECK(plan.first.way == Way::recursion);
  auto by_resolvers = make(plan.make, Way::unvalidated);
  auto first = make(plan.make, Way::recursion);
  auto second = make(plan.make, Way::recursion), third = make(plan.make, Way::recursion);
  CHECK(by_resolvers != ready);
  CHECK(first == ready);
  CHECK(second != ready);
  CHECK(third != ready);
  CHECK(second != third);
}

TEST_CASE("a configured list is tried one by one; its first Dns asks all", "[daemon]") {
  asio::io_context loop{1};
  Config config;
  config.dns.forward_auto = false;
  config.dns.forward = name_servers({"192.0.2.1", "192.0.2.2"});
  config.dns.trust_anchor.clear();
  auto ready = std::make_shared<fake::FakeDns>();
  HealthPlan plan = make_health_plan(loop, config, ready, name_servers({"192.0.2.53"}));
  CHECK(plan.first.way == Way::configured);
  CHECK(plan.first.servers == config.dns.forward);
  WaysToTry ways = plan.ways(name_servers({"192.0.2.53"}));
  CHECK(!ways.choose);
  CHECK(ways.resolvers == config.dns.forward);
  CHECK(ways.words == "resolvers 192.0.2.1, 192.0.2.2, as configured");
  CHECK(plan.ready == ready);
  CHECK(plan.make(Way::configured, name_servers({"192.0.2.1"})).value() != ready);
  CHECK(plan.make(Way::configured, config.dns.forward).value() != ready);
}

}  // namespace mtasts
