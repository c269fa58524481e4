// Which way names are resolved, and whether DNSSEC works.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/resolver/health_bench.hpp"

namespace mtasts {

using namespace health_bench;

TEST_CASE("configured resolvers are asked for DANE whatever the DNSSEC check says", "[daemon]") {
  Bench bench;
  bench.recursion = bench.unvalidated = stripped;
  auto prepared = bench.prepare(false);
  bench.check.use(prepared);
  CHECK(bench.last().dnssec);
  CHECK(bench.last().checked_at == Time{});
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.networks.size() == 1);
  CHECK(bench.last().dnssec_detail.contains("no signatures"));
  CHECK(bench.last().dns_answers);
  CHECK(bench.last().checked_at == bench.clock.time);
  CHECK(bench.last().dnssec_down_since == bench.clock.time);
  CHECK(!bench.last().dnssec_worked);
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  CHECK(bench.last().dnssec_detail.empty());
  CHECK(bench.last().dnssec_worked);
  CHECK(bench.last().dnssec_down_since == Time{});
  CHECK(bench.last().way == "as configured");
  CHECK(bench.networks.size() == 1);
}

TEST_CASE("flights wait until a way is chosen, also with configured resolvers", "[daemon]") {
  Bench bench;
  bench.listed = test::name_servers({"192.0.2.1"});
  auto prepared = bench.prepare(GENERATE(false, true));
  bench.check.use(prepared);
  CHECK(bench.networks.empty());
  REQUIRE(bench.until([&] { return bench.networks.size() == 1; }));
}

TEST_CASE("while nothing validates, policies are looked up without validation, and DANE is still looked up",
          "[daemon]") {
  Bench bench;
  bool choose = GENERATE(false, true);
  bench.listed = test::name_servers({"192.0.2.1"});
  bench.recursion = choose ? silence : keys();
  auto prepared = bench.prepare(choose);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  std::string validating = choose ? "192.0.2.53" : "192.0.2.1";
  CHECK(bench.who(*prepared) == validating);
  CHECK(bench.who_for_sts(*prepared) == validating);
  bench.forwarded = stripped;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().way.contains("without DNSSEC"));
  CHECK(bench.who(*prepared) == validating);
  CHECK(bench.who_for_sts(*prepared) == validating + " without validation");
  bench.forwarded = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  CHECK(bench.who_for_sts(*prepared) == validating);
}

// An attacker who forges the answers for the root's keys must not make the daemon ask somebody else, or
// nobody.
TEST_CASE("forged root keys: the Dns in use stays in use for DANE", "[daemon]") {
  Bench bench;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.networks.size() == 1; }));
  auto in_use = prepared->in_use.dns;
  bench.recursion = bench.forwarded = stripped;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(prepared->in_use.dns == in_use);
  CHECK(bench.who(*prepared) == "the root");
  CHECK(bench.last().dnssec_worked);
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  CHECK(prepared->in_use.dns == in_use);
}

TEST_CASE("auto: a change of the way is followed", "[daemon]") {
  Bench bench;
  bench.recursion = silence;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("resolvers 192.0.2.53"));
  CHECK(bench.last().dnssec);
  CHECK(run(bench.loop, prepared->dns->ask("example.com", RrType::txt)).kind == DnsAnswer::Kind::data);
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().way.starts_with("recursion:"); }));
  CHECK(bench.who(*prepared) == "the root");
  CHECK(bench.last().dnssec);
  CHECK(bench.networks.size() == 1);
}

TEST_CASE("auto: a silent way is passed over at once", "[daemon]") {
  Bench bench;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.who(*prepared) == "the root");
  bench.recursion = silence;
  REQUIRE(bench.until([&] { return bench.last().way.starts_with("resolvers 192.0.2.53"); }));
  CHECK(bench.who(*prepared) == "192.0.2.53");
  for (const HealthPtr& each : bench.published) CHECK((each->dnssec && each->dns_answers));
}

TEST_CASE("a resolver that strips DNSSEC is left out while another validates", "[daemon]") {
  Bench bench;
  bench.listed = test::name_servers({"192.0.2.1", "192.0.2.2"});
  auto prepared = bench.prepare(false);
  auto make = prepared->plan.make;
  prepared->plan.make = [&, make](Way way, const Resolvers& servers) {
    bench.forwarded = servers == test::name_servers({"192.0.2.1"}) ? stripped : keys();
    return make(way, servers);
  };
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  CHECK(bench.last().dnssec);
  CHECK(bench.last().dnssec_detail.contains("192.0.2.1 is not asked"));
  CHECK(bench.who(*prepared) == "192.0.2.2");
}

TEST_CASE("auto: nothing answers, later it does", "[daemon]") {
  Bench bench;
  bench.recursion = bench.forwarded = bench.unvalidated = silence;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().dnssec);
  CHECK(!bench.last().dns_answers);
  CHECK(bench.last().dns_detail.contains("timeout after 3 s"));
  CHECK(bench.last().dns_detail.contains("check that the network and the resolvers are up"));
  CHECK(bench.last().way.starts_with("recursion, though it fails"));
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dns_answers; }));
  CHECK(bench.last().dnssec);
  CHECK(bench.last().dns_detail.empty());
  CHECK(bench.last().way == "recursion: the root's keys validate");
}

TEST_CASE("silence says nothing about DNSSEC: what was known stays", "[daemon]") {
  Bench bench;
  bool choose = GENERATE(false, true);
  bench.forwarded = silence;
  bench.unvalidated = GENERATE(silence, keys());  // it may answer everything else, from a cache
  bench.check.use(bench.prepare(choose));
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  bench.recursion = silence;
  REQUIRE(bench.until([&] { return !bench.last().dns_answers; }));
  CHECK(bench.last().dnssec);
  bench.recursion = stripped;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dns_answers);
  CHECK(bench.last().dnssec_detail.contains("no signatures"));
  bench.recursion = silence;
  REQUIRE(bench.until([&] { return !bench.last().dns_answers; }));
  CHECK(!bench.last().dnssec);
  CHECK(bench.last().dnssec_detail.contains("no signatures"));
}

TEST_CASE("while nothing validates, checks go on at the same interval", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 1h, .retry = 10ms, .limit = 50ms});
  bool strips = GENERATE(false, true);
  bench.recursion = bench.forwarded = bench.unvalidated = strips ? stripped : silence;
  bench.check.use(bench.prepare(GENERATE(false, true)));
  REQUIRE(bench.until([&] { return bench.published.size() > 20; }));  // doubling: in 3 hours
}

TEST_CASE("auto: recursion is silent and the resolvers strip DNSSEC: down, and both are asked again",
          "[daemon]") {
  Bench bench;
  bench.forwarded = stripped;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("recursion:"));
  bench.recursion = silence;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dns_answers);
  CHECK(bench.last().way.contains("without DNSSEC"));
  CHECK(bench.who(*prepared) == "192.0.2.53");
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  CHECK(bench.who(*prepared) == "the root");
}

// Otherwise a resolver that begins to lie would make mail wait for ten minutes although another one is good.
TEST_CASE("an answer that fails brings the next check forward", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 1h, .retry = 10ms, .limit = 50ms});
  bench.listed = test::name_servers({"192.0.2.1", "192.0.2.2"});
  auto prepared = bench.prepare(false);
  bool lies = false;
  prepared->plan.make = [&, make = prepared->plan.make](Way way, const Resolvers& servers) {
    bench.forwarded = lies && to_string(servers.front()) == "192.0.2.1" ? stripped : keys();
    return make(way, servers);
  };
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  CHECK(prepared->in_use.servers == bench.listed);
  run_for(bench.loop, 50ms);
  auto looks = bench.published.size();
  lies = true;
  run_for(bench.loop, 50ms);
  CHECK(bench.published.size() == looks);  // no lookup has noticed it yet
  dynamic_cast<fake::FakeDns&>(*prepared->in_use.dns).answers["example.com/MX"] = stripped;
  run(bench.loop, prepared->dns->ask("example.com", RrType::mx));
  REQUIRE(bench.until([&] { return prepared->in_use.servers == test::name_servers({"192.0.2.2"}); }));
  CHECK(bench.last().dnssec);
}

TEST_CASE("auto: a reload while the network is away changes nothing about DNSSEC either", "[daemon]") {
  Bench bench;
  auto first = bench.prepare(true);
  bench.check.use(first);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().dnssec);
  bench.recursion = silence;
  bench.forwarded = silence;  // the unvalidated way answers, from its cache
  auto second = bench.prepare(true);
  bench.check.use(second);
  REQUIRE(bench.until([&] { return bench.networks.size() > 1; }));
  CHECK(bench.last().dnssec);
  CHECK_FALSE(bench.last().dns_answers);
}

TEST_CASE("auto: the way and the Dns in use change only together", "[daemon]") {
  Bench bench;
  bench.recursion = silence;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("resolvers 192.0.2.53"));
  bench.forwarded = bench.unvalidated = silence;
  bench.unmakeable = Way::recursion;  // it would be what remains
  REQUIRE(bench.until([&] { return !bench.last().dns_answers; }));
  CHECK(bench.last().way.starts_with("resolvers 192.0.2.53"));
  CHECK(prepared->in_use.way == Way::resolvers);
  CHECK(bench.who(*prepared) == "192.0.2.53");
}

TEST_CASE("auto: another resolv.conf is followed", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 1h, .retry = 10ms, .limit = 50ms});  // not only every 10 minutes
  bench.recursion = silence;
  bench.forwarded = GENERATE(keys(), stripped);
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.who(*prepared) == "192.0.2.53");
  bench.resolvers = test::name_servers({"192.0.2.99", "192.0.2.53"});
  REQUIRE(bench.until([&] { return bench.last().way.contains("192.0.2.99"); }));
  CHECK(bench.who(*prepared) == "192.0.2.99");
  CHECK(bench.networks.size() == 1);
}

TEST_CASE("every way asks the current resolvers about private zones", "[daemon]") {
  Bench bench;
  auto prepared = bench.prepare(false);
  prepared->plan.private_zones = true;
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  CHECK(bench.who(*prepared) == "192.0.2.53");
  bench.resolvers = test::name_servers({"192.0.2.99"});
  REQUIRE(bench.until([&] { return bench.who(*prepared) == "192.0.2.99"; }));
  CHECK(bench.last().way == "as configured");
}

TEST_CASE("auto: after a first check that ends in an error there are others", "[daemon]") {
  Bench bench;
  bench.failing_reads = 2;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("recursion:"));
}

TEST_CASE("each check uses a new Dns: one with a cache would seem to work for days", "[daemon]") {
  Bench bench;
  bench.check.use(bench.prepare(false));
  int before = bench.made;
  REQUIRE(bench.until([&] { return bench.made >= before + 3; }));
  CHECK(bench.last().dnssec);
}

TEST_CASE("another configuration ends the checks of the one before", "[daemon]") {
  Bench bench;
  std::weak_ptr<Prepared> before;
  {
    auto first = bench.prepare(true);
    before = first;
    bench.check.use(first);
  }
  bench.check.use(bench.prepare(false));
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  run_for(bench.loop, 100ms);
  CHECK(before.expired());
  CHECK(bench.last().way == "as configured");
}

}  // namespace mtasts
