#include "postfix-policy/health_check.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/dnskey.hpp"
#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

const std::string root_key("\1\1\3\10key", 7);

DnsAnswer keys() {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = DnsAnswer::Security::secure;
  answer.rdata = {root_key};
  return answer;
}

LogConfig quiet() {
  LogConfig config;
  config.level = LogConfig::Level::error;
  return config;
}

std::string asked_at(const Resolvers& resolvers) { return resolvers.front(); }

// A host whose DNS can be broken while the check runs.
struct Bench {
  Bench() {
    check.publish_to([this](HealthPtr health) { published.push_back(std::move(health)); });
    check.set_times({.usual = 60ms, .retry = 20ms, .limit = 50ms});
    recall({});
  }

  void recall(const HostMemory& memory) {
    check.recall(memory, [this](const HostMemory& known) { remembered.push_back(known); });
  }
  std::shared_ptr<Prepared> prepare(bool choose) {
    auto prepared = std::make_shared<Prepared>();
    HealthPlan& plan = prepared->plan;
    if (!choose) plan.first = {.way = Way::configured, .servers = listed};
    plan.ready = dns(plan.first.way, plan.first.servers);
    auto switched = std::make_unique<SwitchedDns>(plan.ready),
         for_sts = std::make_unique<SwitchedDns>(plan.ready);
    prepared->dns = switched.get();
    prepared->sts_dns = for_sts.get();
    prepared->network = std::make_shared<Network>();
    prepared->network->dns = std::move(switched);
    prepared->network->sts_dns = std::move(for_sts);
    plan.ways = [this, choose](const Resolvers& system) {
      return WaysToTry{.choose = choose, .resolvers = choose ? system : listed, .words = "as configured"};
    };
    plan.anchor = {"/root.key", {key_tag(root_key)}};
    plan.made_for = resolvers;
    plan.resolvers = [this] {
      if (failing_reads-- > 0) throw std::runtime_error("no memory");
      return resolvers;
    };
    plan.make = [this](Way way, const Resolvers& servers) -> Result<std::shared_ptr<Dns>> {
      if (way == unmakeable) return fail(Fault::config, "out of file descriptors");
      return dns(way, servers);
    };
    return prepared;
  }
  std::shared_ptr<fake::FakeDns> dns(Way way, const Resolvers& servers) {
    ++made;
    auto made_dns = std::make_shared<fake::FakeDns>();
    std::string who = way == Way::recursion ? "the root" : asked_at(servers.empty() ? resolvers : servers);
    if (way == Way::unvalidated) who += " without validation";
    made_dns->answers["who.example/TXT"] = fake::txt({who});
    bool by_root = way == Way::recursion || (way == Way::configured && servers.empty());
    made_dns->answer = way == Way::unvalidated ? unvalidated : by_root ? recursion : forwarded;
    return made_dns;
  }
  // Whom the Dns in use asks; for DANE, and for policies.
  std::string who(SwitchedDns* in_use) {
    auto answer = run(loop, in_use->ask("who.example", RrType::txt));
    return decode_txt(answer.rdata.at(0)).value();
  }
  std::string who(const Prepared& prepared) { return who(prepared.dns); }
  std::string who_for_sts(const Prepared& prepared) { return who(prepared.sts_dns); }
  bool until(const std::function<bool()>& done) { return run_until(loop, 60s, done); }
  const Health& last() const { return *published.back(); }

  fake::VirtualTime virtual_time{[] { return true; }};  // the sockets in it are the loop's own
  DnsAnswer recursion = keys(), forwarded = keys(), unvalidated = keys();
  Resolvers resolvers{"192.0.2.53"};
  Resolvers listed;  // of [dns] forward, without "auto"
  std::optional<Way> unmakeable;
  int failing_reads = 0;
  int made = 0;
  fake::FakeClock clock;
  Log log{quiet()};
  asio::io_context loop{1};
  std::vector<std::shared_ptr<Network>> networks;
  std::vector<HealthPtr> published;
  std::vector<HostMemory> remembered;
  HealthCheck check{loop.get_executor(), clock, log,
                    [this](std::shared_ptr<Network> network) { networks.push_back(std::move(network)); }};
};

// A resolver that shows AD, until it falls silent.
class AdServer {
 public:
  explicit AdServer(asio::io_context& loop)
      : socket_(loop, {asio::ip::address_v4::loopback(), 0}), port(socket_.local_endpoint().port()) {
    receive();
  }
  std::vector<AdResult> resolvers(std::size_t count = 1) const {
    AdProbe probe{.server = parse_address("127.0.0.1").value(), .port = port, .timeout = 50ms};
    return std::vector(count, AdResult{.probe = probe, .file = "/etc/resolv.conf"});
  }

 private:
  void receive() {
    socket_.async_receive_from(asio::buffer(bytes_), from_, [this](auto error, std::size_t size) {
      if (error) return;
      ++asked;
      std::string answer(bytes_.data(), std::min<std::size_t>(size, 17));  // header and question
      answer.replace(2, 10, std::string("\x81\xa0\0\1\0\0\0\0\0\0", 10));
      if (!validates) answer[3] = '\x80';
      if (!silent) socket_.send_to(asio::buffer(answer), from_);
      receive();
    });
  }
  asio::ip::udp::socket socket_;
  asio::ip::udp::endpoint from_;
  std::array<char, 512> bytes_{};

 public:
  const std::uint16_t port;
  bool silent = false, validates = true;
  int asked = 0;
};

const DnsAnswer silence = fake::dns_failure("timeout after 3 s"),
                stripped = fake::dns_failure("DNSSEC bogus: no signatures", DnsAnswer::Security::bogus);

}  // namespace

TEST_CASE("configured resolvers are asked for DANE whatever the test says", "[daemon]") {
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
  bench.listed = {"192.0.2.1"};
  auto prepared = bench.prepare(GENERATE(false, true));
  bench.check.use(prepared);
  CHECK(bench.networks.empty());
  REQUIRE(bench.until([&] { return bench.networks.size() == 1; }));
}

TEST_CASE("while nothing validates, policies are looked up without validation, and DANE goes on to be asked",
          "[daemon]") {
  Bench bench;
  bool choose = GENERATE(false, true);
  bench.listed = {"192.0.2.1"};
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

TEST_CASE("auto: the way is followed when it changes", "[daemon]") {
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
  bench.listed = {"192.0.2.1", "192.0.2.2"};
  auto prepared = bench.prepare(false);
  auto make = prepared->plan.make;
  prepared->plan.make = [&, make](Way way, const Resolvers& servers) {
    bench.forwarded = servers == Resolvers{"192.0.2.1"} ? stripped : keys();
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
  CHECK(bench.last().dns_detail.contains("is the network up"));
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
  bench.unvalidated = GENERATE(silence, keys());  // it may answer everything else, out of a cache
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

TEST_CASE("while nothing validates it is tried again and again, not ever more seldom", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 1h, .retry = 10ms, .limit = 50ms});
  bool strips = GENERATE(false, true);
  bench.recursion = bench.forwarded = bench.unvalidated = strips ? stripped : silence;
  bench.check.use(bench.prepare(GENERATE(false, true)));
  REQUIRE(bench.until([&] { return bench.published.size() > 20; }));  // doubling: in 3 hours
}

TEST_CASE("auto: recursion is away and the resolvers strip: down, and both are asked again", "[daemon]") {
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

// Else a resolver that begins to lie would make mail wait for ten minutes beside a good one.
TEST_CASE("an answer that fails brings the next look forward", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 1h, .retry = 10ms, .limit = 50ms});
  bench.listed = {"192.0.2.1", "192.0.2.2"};
  auto prepared = bench.prepare(false);
  bool lies = false;
  prepared->plan.make = [&, make = prepared->plan.make](Way way, const Resolvers& servers) {
    bench.forwarded = lies && servers.front() == "192.0.2.1" ? stripped : keys();
    return make(way, servers);
  };
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  CHECK(prepared->in_use.servers == bench.listed);
  run_for(bench.loop, 50ms);
  auto looks = bench.published.size();
  lies = true;
  run_for(bench.loop, 50ms);
  CHECK(bench.published.size() == looks);  // nobody has seen it
  dynamic_cast<fake::FakeDns&>(*prepared->in_use.dns).answers["example.com/MX"] = stripped;
  run(bench.loop, prepared->dns->ask("example.com", RrType::mx));
  REQUIRE(bench.until([&] { return prepared->in_use.servers == Resolvers{"192.0.2.2"}; }));
  CHECK(bench.last().dnssec);
}

TEST_CASE("the start of an outage and that DNSSEC worked outlive a restart", "[daemon]") {
  Bench bench;
  auto prepared = bench.prepare(true);
  Time long_ago = bench.clock.time - 5h;
  bench.recall({.dnssec_worked_at = long_ago - 24h, .dnssec_down_since = long_ago});
  bench.recursion = bench.forwarded = stripped;
  bench.check.use(prepared);
  CHECK(bench.last().dnssec_worked);
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dnssec_down_since == long_ago);
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  REQUIRE(!bench.remembered.empty());
  CHECK(bench.remembered.back().dnssec_down_since == Time{});
  CHECK(bench.remembered.back().dnssec_worked_at == bench.clock.time);
  bench.recursion = stripped;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.remembered.back().dnssec_down_since == bench.clock.time);
}

TEST_CASE("the root's keys vouch for the clock; blaming it twice in a row puts it in doubt", "[daemon]") {
  struct Witness : fake::FakeClock {
    void vouch() const noexcept override { ++vouched; }
    void deny() const noexcept override { ++denied; }
    mutable int vouched = 0, denied = 0;
  } clock;
  Bench bench;
  HealthCheck check{bench.loop.get_executor(), clock, bench.log, [](std::shared_ptr<Network>) {}};
  check.set_times({.usual = 20ms, .retry = 20ms, .limit = 50ms});
  auto prepared = bench.prepare(true);
  check.use(prepared);
  REQUIRE(bench.until([&] { return clock.vouched > 0; }));
  bench.recursion = bench.forwarded = stripped;
  int before = bench.made;
  REQUIRE(bench.until([&] { return bench.made > before + 12; }));
  CHECK(clock.denied == 0);
  bench.recursion = fake::dns_failure("DNSSEC bogus: signature expired", DnsAnswer::Security::bogus);
  REQUIRE(bench.until([&] { return clock.denied > 0; }));
}

TEST_CASE("an outage that began in the future began now", "[daemon]") {
  Bench bench;
  bench.recall({.dnssec_worked_at = bench.clock.time, .dnssec_down_since = bench.clock.time + 24h});
  bench.recursion = bench.forwarded = stripped;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dnssec_down_since == bench.clock.time);
}

TEST_CASE("DNSSEC questions alone are dropped: no proof, but after an hour where it never worked",
          "[daemon]") {
  Bench bench;
  bool worked = GENERATE(false, true);
  if (worked) bench.recall({.dnssec_worked_at = bench.clock.time - 24h});
  bench.recursion = bench.forwarded = silence;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.published.size() > 3; }));
  CHECK(bench.last().dnssec);
  CHECK(!bench.last().dns_answers);
  CHECK(bench.who_for_sts(*prepared) == "192.0.2.53 without validation");
  bench.clock.time += 1h;
  std::size_t before = bench.published.size();
  REQUIRE(bench.until([&] { return bench.published.size() > before + 1; }));
  CHECK(bench.last().dnssec == worked);
}

TEST_CASE("auto: nor does a reload while the network is away", "[daemon]") {
  Bench bench;
  auto first = bench.prepare(true);
  bench.check.use(first);
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().dnssec);
  bench.recursion = silence;
  bench.forwarded = silence;  // the unvalidated way answers, out of its cache
  auto second = bench.prepare(true);
  bench.check.use(second);
  REQUIRE(bench.until([&] { return bench.networks.size() > 1; }));
  CHECK(bench.last().dnssec);
  CHECK_FALSE(bench.last().dns_answers);
}

TEST_CASE("auto: the way and the Dns in use never part", "[daemon]") {
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
  bench.resolvers = {"192.0.2.99", "192.0.2.53"};
  REQUIRE(bench.until([&] { return bench.last().way.contains("192.0.2.99"); }));
  CHECK(bench.who(*prepared) == "192.0.2.99");
  CHECK(bench.networks.size() == 1);
}

TEST_CASE("private zones are asked from the resolvers of now, by every way", "[daemon]") {
  Bench bench;
  auto prepared = bench.prepare(false);
  prepared->plan.private_zones = true;
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().checked_at != Time{}; }));
  CHECK(bench.who(*prepared) == "192.0.2.53");
  bench.resolvers = {"192.0.2.99"};
  REQUIRE(bench.until([&] { return bench.who(*prepared) == "192.0.2.99"; }));
  CHECK(bench.last().way == "as configured");
}

TEST_CASE("auto: a first look that ends in an error is not the last", "[daemon]") {
  Bench bench;
  bench.failing_reads = 2;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("recursion:"));
}

TEST_CASE("each round asks by a new Dns: one with a cache would work for days", "[daemon]") {
  Bench bench;
  bench.check.use(bench.prepare(false));
  int before = bench.made;
  REQUIRE(bench.until([&] { return bench.made >= before + 3; }));
  CHECK(bench.last().dnssec);
}

TEST_CASE("another configuration ends what the one before looked after", "[daemon]") {
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

TEST_CASE("no probing of Postfix's resolvers unless it is asked for", "[daemon]") {
  Bench bench;
  int asked = 0;
  auto prepared = bench.prepare(false);
  prepared->plan.postfix_resolvers = [&asked] {
    ++asked;
    return std::vector<AdResult>{
        {.probe = {.server = parse_address("127.0.0.1").value(), .port = 1, .timeout = 20ms},
         .file = "/etc/resolv.conf"}};
  };
  SECTION("not asked for") {
    bench.check.use(prepared);
    run_for(bench.loop, 150ms);
    CHECK(asked == 0);
    CHECK(!bench.last().postfix_dane);
  }
  SECTION("asked for; nobody answers, so again soon") {
    prepared->plan.ask_postfix = true;
    bench.check.use(prepared);
    REQUIRE(bench.until([&] { return asked > 2; }));
    CHECK(!bench.last().postfix_dane);  // silence at the first start is unknown, not no
    CHECK(!bench.last().postfix_answered);
    CHECK(bench.last().postfix_detail.contains("127.0.0.1 (/etc/resolv.conf)"));
  }
}

TEST_CASE("silence of Postfix's resolvers does not undo what they said before", "[daemon]") {
  Bench bench;
  AdServer server(bench.loop);
  auto prepared = bench.prepare(false);
  prepared->plan.ask_postfix = true;
  prepared->plan.postfix_resolvers = [&server] { return server.resolvers(); };
  bench.check.use(prepared);
  REQUIRE(bench.until([&] { return bench.last().postfix_dane.has_value(); }));
  CHECK(bench.last().postfix_dane == true);
  server.silent = true;
  REQUIRE(bench.until([&] { return !bench.last().postfix_answered; }));
  CHECK(bench.last().postfix_dane == true);
  CHECK(bench.last().postfix_detail.contains("no usable answer"));
  server.silent = false;
  REQUIRE(bench.until([&] { return bench.last().postfix_answered; }));
  CHECK(bench.last().postfix_dane == true);
}

namespace {

// Postfix's resolver as a server that can change its mind.
struct PostfixBench : Bench {
  PostfixBench() : server(loop) {
    prepared->plan.ask_postfix = true;
    prepared->plan.postfix_resolvers = [this] { return server.resolvers(); };
  }
  // Some checks later.
  void check_again() {
    int before = server.asked;
    REQUIRE(until([&] { return server.asked > before + 4; }));
  }
  AdServer server;
  std::shared_ptr<Prepared> prepared = prepare(false);
};

}  // namespace

TEST_CASE("a no after a yes counts only after every check of 24 hours said so", "[daemon]") {
  PostfixBench bench;
  bench.check.use(bench.prepared);
  REQUIRE(bench.until([&] { return bench.last().postfix_dane.has_value(); }));
  CHECK(bench.last().postfix_dane == true);
  bench.server.validates = false;
  REQUIRE(bench.until([&] { return bench.last().postfix_doubtful; }));
  CHECK(bench.last().postfix_dane == true);
  SECTION("it lasts") {
    bench.clock.time += 23h;
    bench.check_again();
    CHECK(bench.last().postfix_dane == true);
    bench.clock.time += 1h;
    bench.check_again();  // a day is over, but most of its checks were not made: the host was off
    CHECK(bench.last().postfix_dane == true);
    REQUIRE(bench.until([&] { return bench.last().postfix_dane == false; }));
    CHECK(!bench.last().postfix_doubtful);
    bench.server.silent = true;  // a no that counts is not undone by silence
    bench.check_again();
    CHECK(bench.last().postfix_dane == false);
  }
  SECTION("a yes in between") {
    bench.clock.time += 23h;
    bench.server.validates = true;
    REQUIRE(bench.until([&] { return !bench.last().postfix_doubtful; }));
    bench.server.validates = false;
    REQUIRE(bench.until([&] { return bench.last().postfix_doubtful; }));
    bench.clock.time += 23h;
    bench.check_again();
    CHECK(bench.last().postfix_dane == true);
  }
  SECTION("a check without an answer did not say so") {
    bench.server.silent = true;
    REQUIRE(bench.until([&] { return !bench.last().postfix_answered; }));
    bench.clock.time += 25h;
    bench.server.silent = false;
    REQUIRE(bench.until([&] { return bench.last().postfix_answered; }));
    bench.check_again();
    CHECK(bench.last().postfix_dane == true);
    CHECK(bench.last().postfix_doubtful);
  }
}

TEST_CASE("what Postfix's resolvers said outlives a restart", "[daemon]") {
  PostfixBench bench;
  bench.server.validates = false;
  Time now = bench.clock.time;
  SECTION("a yes") {
    bench.recall({.postfix_yes_at = now - 48h});
    bench.check.use(bench.prepared);
    CHECK(bench.last().postfix_dane == true);  // before anybody was asked
    REQUIRE(bench.until([&] { return bench.last().postfix_doubtful; }));
    CHECK(bench.last().postfix_dane == true);
    CHECK(bench.remembered.back().postfix_no_since == now);
  }
  SECTION("a no that began before the restart") {
    bench.recall({.postfix_yes_at = now - 48h, .postfix_no_since = now - 24h});
    bench.check.use(bench.prepared);
    REQUIRE(bench.until([&] { return bench.last().postfix_dane == false; }));
    CHECK(bench.remembered.back().postfix_yes_at == Time{});
  }
  SECTION("nothing: a no counts at once where there never was a yes") {
    bench.check.use(bench.prepared);
    REQUIRE(bench.until([&] { return bench.last().postfix_dane.has_value(); }));
    CHECK(bench.last().postfix_dane == false);
  }
}

TEST_CASE("Postfix's resolvers are asked at the same time", "[daemon]") {
  fake::VirtualTime virtual_time([] { return true; });
  asio::io_context loop{1};
  AdServer server(loop);
  server.silent = true;
  auto began = std::chrono::steady_clock::now();
  CHECK(!run(loop, check_ad(server.resolvers(10))).answered);
  CHECK(std::chrono::steady_clock::now() - began == 100ms);  // twice 50 ms; one after the other: a second
  CHECK(server.asked == 20);
  CHECK(!run(loop, check_ad({})).answered);
}

TEST_CASE("what Postfix's resolvers say together", "[daemon]") {
  struct Row {
    const char* why;
    std::vector<AdSeen> seen;
    bool dane, answered;
    const char* words;
  };
  using enum AdSeen;
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"all show AD", {yes, yes}, true, true, "AD from 192.0.2.1, 192.0.2.2 (/a)"},
      {"one does not", {yes, no}, false, true, "no AD from 192.0.2.2 (/a)"},
      {"one is silent",
       {no_answer, yes},
       true,
       true,
       "AD from 192.0.2.2 (/a); no answer from 192.0.2.1 (/a)"},
      {"two files", {yes, yes, yes}, true, true, "AD from 192.0.2.1, 192.0.2.2 (/a), 192.0.2.3 (/b)"},
      {"none answers",
       {no_answer, no_answer},
       false,
       false,
       "no usable answer from Postfix's resolvers 192.0.2.1, 192.0.2.2 (/a)"},
  }));
  INFO(row.why);
  std::vector<AdResult> results;
  for (AdSeen seen : row.seen) {
    auto number = std::to_string(results.size() + 1);
    results.push_back({.probe = {.server = parse_address("192.0.2." + number).value()},
                       .file = results.size() < 2 ? "/a" : "/b",
                       .seen = seen});
  }
  auto finding = judge_ad_results(results);
  CHECK(finding.postfix_dane == row.dane);
  CHECK(finding.answered == row.answered);
  CHECK(finding.detail.contains(row.words));
}

}  // namespace mtasts
