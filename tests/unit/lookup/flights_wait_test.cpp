// Flights while nobody resolves yet: they wait, and none is lost.
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "fakes.hpp"
#include "lookup/flights.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

TEST_CASE("without a network flights wait; use() launches them", "[lookup]") {
  boost::asio::io_context loop;
  FakeStore store;
  FakeClock clock;
  Flights flights(loop.get_executor(), nullptr, store, clock, [](const FlightReport&) {}, {.max_flying = 1});
  std::vector<LookupOutcomePtr> outcomes;
  auto keep = [&outcomes](LookupOutcomePtr outcome) { outcomes.push_back(std::move(outcome)); };
  flights.ask({name("a.example")}, keep);
  flights.ask({name("b.example")}, keep);
  flights.look_up_again(name("c.example"), std::nullopt, Trigger::ask);
  loop.run();
  CHECK(outcomes.empty());
  CHECK(flights.flying() == 0);
  CHECK(flights.waiting() == 3);

  auto dns = std::make_unique<FakeDns>();
  auto fetch = std::make_unique<FakeFetch>();
  dns->answer = txt({"v=STSv1; id=1;"});
  fetch->answer = ok(body("enforce", 604800));
  flights.use(std::make_shared<Network>(std::move(dns), std::move(fetch)));
  loop.restart();
  loop.run();
  CHECK(outcomes.size() == 2);
  CHECK(store.records.size() == 3);
  CHECK(flights.waiting() == 0);
}
