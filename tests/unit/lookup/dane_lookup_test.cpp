#include "lookup/dane_lookup.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "dane_fakes.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World {
  boost::asio::io_context loop;
  SlowDns dns;
  FakeClock clock;

  DaneState look(Route route = {}, std::optional<DaneState> before = {}, unsigned mx_hosts = 10,
                 std::chrono::milliseconds limit = 7500ms) {
    auto shared = std::shared_ptr<Dns>(std::shared_ptr<void>(), &dns);  // owned by this
    auto done = boost::asio::co_spawn(
        loop, look_up_dane(shared, clock, name("example.com"), route, std::move(before), {mx_hosts, limit}),
        boost::asio::use_future);
    loop.restart();
    loop.run();
    return done.get();
  }
  bool asked(const std::string& question) const {
    return std::ranges::find(dns.asked_names, question) != dns.asked_names.end();
  }
  // A host with a signed address and TLSA records.
  void host(const std::string& host_name, std::optional<DnsAnswer> records = tlsa({"3 1 1 " + digest})) {
    dns.answers[host_name + "/A"] = address(secure);
    dns.answers[host_name + "/AAAA"] = no_data(secure);
    dns.answers["_25._tcp." + host_name + "/TLSA"] = records ? *records : nxdomain(secure);
  }
  void mx(std::vector<MxRecord> records, DnsAnswer::Security security = secure) {
    dns.answers["example.com/MX"] = mx_answer(records, security);
  }
};

}  // namespace

TEST_CASE("a secure MX: every host's addresses, then its TLSA records", "[lookup]") {
  World world;
  world.mx({{10, "mx1.x"}, {20, "mx2.x"}});
  world.host("mx1.x");
  world.host("mx2.x", std::nullopt);
  CHECK(world.look().hosts.text() == "u+mx1.x\n0+mx2.x");
  CHECK(world.dns.asked_names.size() == 7);
}

TEST_CASE("DANE-10: the hosts of an insecure MX are not looked up", "[lookup]") {
  World world;
  world.mx({{10, "mx1.x"}}, insecure);
  world.host("mx1.x");
  DaneState state = world.look();
  CHECK(state.mx == MxState::insecure);
  CHECK(state.hosts.text() == "-+mx1.x");
  CHECK(world.dns.asked_names == std::vector<std::string>{"example.com/MX"});
}

TEST_CASE("DANE-13: no TLSA question for a host whose address is not signed", "[lookup]") {
  World world;
  world.mx({{10, "mx1.x"}});
  world.dns.answers["mx1.x/A"] = address(insecure);
  world.dns.answers["mx1.x/AAAA"] = dns_failure("SERVFAIL");
  CHECK(world.look().hosts.text() == "i+mx1.x");
  CHECK_FALSE(world.asked("_25._tcp.mx1.x/TLSA"));
}

TEST_CASE("brackets: the MX is not looked up, and the port is that of the key (DANE-15, PFX-32)",
          "[lookup]") {
  World world;
  world.dns.answers["example.com/A"] = address(secure);
  world.dns.answers["_587._tcp.example.com/TLSA"] = tlsa({"3 1 1 " + digest});
  DaneState state = world.look({true, 587});
  CHECK(state.mx == MxState::secure);
  CHECK(state.hosts.text() == "u+example.com");
  CHECK(state.route == Route{true, 587});
  CHECK_FALSE(world.asked("example.com/MX"));
}

TEST_CASE("PFX-44: an unknown service name is a failure where TLSA records matter", "[lookup]") {
  World world;
  world.dns.answers["example.com/A"] = address(secure);
  DaneState state = world.look({true, 0});
  CHECK(state.hosts.text() == "f+example.com");
  CHECK(state.detail.contains("/etc/services"));
  world.dns.answers["example.com/A"] = address(insecure);
  CHECK(world.look({true, 0}).hosts.text() == "i+example.com");
}

TEST_CASE("no MX: the domain is its own host", "[lookup]") {
  World world;
  world.dns.answers["example.com/MX"] = no_data(secure);
  world.host("example.com");
  CHECK(world.look().hosts.text() == "u+example.com");
}

TEST_CASE(
    "DANE-14: an alias that is signed to its end: TLSA records of the end come before those of the host",
    "[lookup]") {
  World world;
  world.mx({{10, "mx.x"}});
  world.dns.answers["mx.x/A"] = address(secure, "end.y");
  world.dns.answers["mx.x/AAAA"] = no_data(secure);
  auto own = GENERATE(true, false);
  auto end = GENERATE(0, 1, 2, 3);
  std::vector<DnsAnswer> ends{tlsa({"3 1 9 " + digest}), nxdomain(secure), dns_failure("SERVFAIL"),
                              nxdomain(insecure)};
  world.dns.answers["_25._tcp.end.y/TLSA"] = ends[static_cast<std::size_t>(end)];
  world.dns.answers["_25._tcp.mx.x/TLSA"] = own ? tlsa({"3 1 1 " + digest}) : nxdomain(secure);
  std::string hosts(world.look().hosts.text());
  if (end == 0) CHECK(hosts == "n+mx.x");  // the first secure records decide
  if (end == 1) CHECK(hosts == (own ? "u+mx.x" : "0+mx.x"));
  if (end == 2) CHECK(hosts == "f+mx.x");  // PFX-35
  if (end == 3) CHECK(hosts == (own ? "u+mx.x" : "i+mx.x"));
}

TEST_CASE("DANE-7: an alias into an unsigned zone counts if the alias itself is signed", "[lookup]") {
  World world;
  world.mx({{10, "mx.x"}});
  world.dns.answers["mx.x/A"] = address(insecure, "end.y");
  world.dns.answers["_25._tcp.mx.x/TLSA"] = tlsa({"3 1 1 " + digest});
  world.dns.answers["_25._tcp.end.y/TLSA"] = tlsa({"3 1 1 " + digest});
  SECTION("signed") {
    world.dns.answers["mx.x/CNAME"] = raw_answer({wire_name("end.y")});
    CHECK(world.look().hosts.text() == "u+mx.x");
    CHECK_FALSE(world.asked("_25._tcp.end.y/TLSA"));
  }
  SECTION("not signed") {
    world.dns.answers["mx.x/CNAME"] = raw_answer({wire_name("end.y")}, insecure);
    CHECK(world.look().hosts.text() == "i+mx.x");
    CHECK_FALSE(world.asked("_25._tcp.mx.x/TLSA"));
  }
  SECTION("DANE-6: an error is a failure") {
    world.dns.answers["x/DS"] = raw_answer({"ds"});
    world.dns.answers["mx.x/CNAME"] = dns_failure("SERVFAIL");
    DaneState state = world.look();
    CHECK(state.hosts.text() == "f+mx.x");
    CHECK(state.detail == "CNAME mx.x: SERVFAIL");
  }
}

TEST_CASE("a dead host is a failure, unless its zone is provably unsigned", "[lookup]") {
  World world;
  world.mx({{10, "mx.dead.tld"}});
  world.dns.answers["mx.dead.tld/A"] = dns_failure("SERVFAIL");
  world.dns.answers["mx.dead.tld/AAAA"] = dns_failure("SERVFAIL");
  world.dns.answers["tld/DS"] = raw_answer({"ds"});
  SECTION("RFC 5155 §9.2: the delegation is not signed, by opt-out") {
    world.dns.answers["dead.tld/DS"] = proved_unsigned(no_data(insecure, 77));
    DaneState state = world.look();
    CHECK(state.hosts.text() == "i+mx.dead.tld");
    CHECK(state.valid_until == state.looked_up_at + 77s);
  }
  SECTION("the delegation has a DS") {
    world.dns.answers["dead.tld/DS"] = raw_answer({"ds"});
    DaneState state = world.look();
    CHECK(state.hosts.text() == "f+mx.dead.tld");
    CHECK(state.detail == "A mx.dead.tld: SERVFAIL");
  }
  SECTION("a signed denial may be for a name inside a signed zone: no proof") {
    world.dns.answers["dead.tld/DS"] = no_data(secure);
    CHECK(world.look().hosts.text() == "f+mx.dead.tld");
  }
  SECTION("RFC 4035 §5.2: the signed denial is that of a delegation") {
    world.dns.answers["dead.tld/DS"] = proved_unsigned(no_data(secure, 88));
    CHECK(world.look().hosts.text() == "i+mx.dead.tld");
  }
  SECTION("DANE-7: for an alias, the denial is that of its end, and the alias may still be signed") {
    world.dns.answers["dead.tld/DS"] = raw_answer({"ds"});
    DnsAnswer denied = proved_unsigned(no_data(insecure));
    denied.canonical = "end.z";
    world.dns.answers["mx.dead.tld/DS"] = denied;
    CHECK(world.look().hosts.text() == "f+mx.dead.tld");
    CHECK(world.asked("mx.dead.tld/DS"));
  }
  SECTION("the parent does not answer either") {
    world.dns.answers["tld/DS"] = dns_failure("timeout");
    CHECK(world.look().hosts.text() == "f+mx.dead.tld");
    CHECK_FALSE(world.asked("dead.tld/DS"));
  }
}

TEST_CASE("RFC 9276: an insecure denial without proof says nothing about a signed zone", "[lookup]") {
  World world;
  world.mx({{10, "mx.dead.tld"}});
  world.dns.answers["mx.dead.tld/A"] = dns_failure("SERVFAIL");
  world.dns.answers["mx.dead.tld/AAAA"] = dns_failure("SERVFAIL");
  world.dns.answers["tld/DS"] = raw_answer({"ds"});
  world.dns.answers["dead.tld/DS"] = no_data(insecure);
  CHECK(world.look().hosts.text() == "f+mx.dead.tld");
}

TEST_CASE(
    "DANE-7: a forged denial of the addresses behind a signed alias does not make its TLSA records void",
    "[lookup]") {
  World world;
  world.mx({{10, "mx.x"}});
  DnsAnswer denied = no_data(insecure, 86'400);
  denied.canonical = "end.z";
  world.dns.answers["mx.x/A"] = denied;
  world.dns.answers["mx.x/AAAA"] = denied;
  world.dns.answers["_25._tcp.mx.x/TLSA"] = tlsa({"3 1 1 " + digest});
  SECTION("signed") {
    world.dns.answers["mx.x/CNAME"] = raw_answer({wire_name("end.z")});
    DaneState state = world.look();
    CHECK(state.hosts.text() == "u+mx.x");
    CHECK(state.valid_until == state.looked_up_at + 300s);
  }
  SECTION("not signed: it has no address") {
    world.dns.answers["mx.x/CNAME"] = raw_answer({wire_name("end.z")}, insecure);
    CHECK(world.look().hosts.text() == "x+mx.x");
  }
}

TEST_CASE("after the deadline no lookup of a host begins", "[lookup]") {
  World world;
  std::vector<MxRecord> records;
  for (int i = 0; i < 50; ++i) records.push_back({10, "mx" + std::to_string(i) + ".x"});
  world.mx(records);
  for (const auto& each : records) {
    world.host(each.host);
    world.dns.delays[each.host + "/A"] = 400ms;
  }
  CHECK(tally(world.look({}, {}, 10, 50ms).hosts, 100).failed == 50);
  CHECK(world.dns.asked_names.size() <= 1 + 10 * 3);
}

TEST_CASE("a host that is itself a dead, unsigned delegation", "[lookup]") {
  World world;
  world.mx({{10, "dead.tld"}});
  world.dns.answers["dead.tld/A"] = dns_failure("SERVFAIL");
  world.dns.answers["dead.tld/AAAA"] = dns_failure("SERVFAIL");
  world.dns.answers["tld/DS"] = raw_answer({"ds"});
  world.dns.answers["dead.tld/DS"] = proved_unsigned(no_data(insecure));
  CHECK(world.look().hosts.text() == "i+dead.tld");
}

TEST_CASE("a dead host whose name has very many labels is still found to be in an unsigned zone",
          "[lookup]") {
  World world;
  std::string host = "dead.tld";
  for (int i = 0; i < 60; ++i) host = "a." + host;
  world.mx({{10, host}});
  world.dns.answers[host + "/A"] = dns_failure("SERVFAIL");
  world.dns.answers[host + "/AAAA"] = dns_failure("SERVFAIL");
  world.dns.answers["dead.tld/DS"] = proved_unsigned(no_data());
  CHECK(world.look().hosts.text() == "i+" + host);
  CHECK(world.dns.asked_names.size() == 3 + 2);
}

TEST_CASE("a dead host that can't be proved to be unsigned costs eight DS questions at most", "[lookup]") {
  World world;
  std::string host = "tld";
  for (int i = 0; i < 60; ++i) host = "a." + host;
  world.mx({{10, host}});
  world.dns.answers[host + "/A"] = dns_failure("SERVFAIL");
  world.dns.answers[host + "/AAAA"] = dns_failure("SERVFAIL");
  CHECK(world.look().hosts.text() == "f+" + host);
  CHECK(world.dns.asked_names.size() == 3 + 8);
}

TEST_CASE("one slow host does not cost the answer about the others", "[lookup]") {
  World world;
  SlowDns& slow = world.dns;
  world.mx({{10, "slow.x"}, {20, "good.x"}});
  world.host("slow.x");
  world.host("good.x");
  slow.delays["_25._tcp.slow.x/TLSA"] = 600ms;
  DaneState state = world.look({}, {}, 10, 200ms);
  CHECK(state.hosts.text() == "f+slow.x\nu+good.x");
  CHECK(state.detail == "MX host slow.x: no answer in time");
}

TEST_CASE("a hundred hosts of one preference are looked up, ten at a time", "[lookup]") {
  World world;
  world.dns.delay = 1ms;
  std::vector<MxRecord> records;
  for (int i = 0; i < 100; ++i) records.push_back({10, "mx" + std::to_string(i) + ".x"});
  world.mx(records);
  for (const auto& each : records) world.host(each.host);
  CHECK(tally(world.look().hosts, 1).usable == 100);
  CHECK(world.dns.most_at_once <= 20);
}

TEST_CASE("a host whose lookup fails keeps its earlier state until the TTL is over", "[lookup]") {
  World world;
  world.mx({{10, "a.x"}, {20, "b.x"}});
  world.host("a.x", std::nullopt);
  world.host("b.x", std::nullopt);
  DaneState before = world.look();
  REQUIRE(before.hosts.text() == "0+a.x\n0+b.x");
  const std::string proof = " 0" + std::to_string(world.clock.time.time_since_epoch().count());
  world.clock.time += 200s;
  SECTION("a lost answer") {
    world.dns.answers["_25._tcp.b.x/TLSA"] = dns_failure("timeout after 5 s");
    DaneState after = world.look({}, before);
    CHECK(after.hosts.text() == "0+a.x\n0+b.x" + proof);
    CHECK(after.valid_until == before.valid_until);
    CHECK(after.next_try == world.clock.time + 22s);
    CHECK(after.detail == "TLSA _25._tcp.b.x: timeout after 5 s");
    world.clock.time += 100s;
    CHECK(world.look({}, after).hosts.text() == "0+a.x\nf+b.x" + proof);  // over
  }
  SECTION("DANE-1: a bogus answer counts as an attack") {
    world.dns.answers["_25._tcp.b.x/TLSA"] = bogus(nxdomain(secure));
    CHECK(world.look({}, before).hosts.text() == "0+a.x\nf+b.x" + proof);
  }
}

TEST_CASE("what a wrong clock left undecided is looked up again soon", "[lookup][clock]") {
  World world;
  world.clock.state = {false, world.clock.time};
  world.dns.answers["example.com/MX"] = dns_failure("signature expired", DnsAnswer::Security::bogus);
  DaneState state = world.look();
  CHECK(state.trouble == MxTrouble::bogus);
  CHECK(dane_freshness(view(state), world.clock.time + doubt_backoff) == Freshness::wait);
  for (int i = 0; i < 5; ++i) state = world.look({}, state);
  CHECK(dane_freshness(view(state), world.clock.time + doubt_backoff) == Freshness::wait);
  world.clock.state = {};
  state = world.look({}, state);
  CHECK(dane_freshness(view(state), world.clock.time + doubt_backoff) == Freshness::answer);
}

TEST_CASE("an MX host may have an underscore in its name, as in Postfix", "[lookup]") {
  World world;
  world.mx({{10, "mx_1.x"}, {20, "mx2.x"}});
  world.host("mx_1.x", std::nullopt);
  world.host("mx2.x");
  CHECK(world.look().hosts.text() == "0+mx_1.x\nu+mx2.x");
}

TEST_CASE("DANE-26: hosts far down are not looked up", "[lookup]") {
  World world;
  world.mx({{1, "a.x"}, {2, "b.x"}, {3, "c.x"}});
  for (auto each : {"a.x", "b.x", "c.x"}) world.host(each);
  CHECK(world.look({}, {}, 2).hosts.text() == "u+a.x\nu+b.x\n-+c.x");
  CHECK_FALSE(world.asked("c.x/A"));
}

TEST_CASE("hosts are looked up in parallel: five slow ones take as long as one", "[lookup]") {
  World world;
  world.dns.delay = 30ms;
  std::vector<MxRecord> records;
  for (int i = 0; i < 5; ++i) records.push_back({10, "mx" + std::to_string(i) + ".x"});
  world.mx(records);
  for (const auto& each : records) world.host(each.host);
  auto began = std::chrono::steady_clock::now();
  CHECK(world.look().hosts.text().starts_with("u+mx0.x\nu=mx1.x"));
  CHECK(std::chrono::steady_clock::now() - began < 200ms);  // three questions one after another, not sixteen
}
