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

std::string asked_at(const Resolvers& resolvers) { return resolvers.empty() ? "nobody" : resolvers.front(); }

// A host whose DNS can be broken while the check runs.
struct Bench {
  Bench() {
    check.publish_to([this](HealthPtr health) { published.push_back(std::move(health)); });
    check.set_times({.usual = 60ms, .first_retry = 20ms, .limit = 50ms});
  }

  std::shared_ptr<Prepared> prepare(bool choose) {
    auto prepared = std::make_shared<Prepared>();
    auto switched = std::make_unique<SwitchedDns>(dns(choose ? Way::recursion : Way::configured, resolvers));
    prepared->dns = switched.get();
    prepared->network = std::make_shared<Network>();
    prepared->network->dns = std::move(switched);
    prepared->plan.choose = choose;
    prepared->plan.way = "as configured";
    prepared->plan.anchor = {"/root.key", {key_tag(root_key)}};
    prepared->plan.made_for = resolvers;
    prepared->plan.resolvers = [this] {
      if (failing_reads-- > 0) throw std::runtime_error("no memory");
      return resolvers;
    };
    prepared->plan.make = [this](Way way, const Resolvers& of) -> Result<std::shared_ptr<Dns>> {
      if (way == unmakeable) return fail(Fault::config, "out of file descriptors");
      return dns(way, of);
    };
    return prepared;
  }
  std::shared_ptr<fake::FakeDns> dns(Way way, const Resolvers& of) {
    ++made;
    auto made_dns = std::make_shared<fake::FakeDns>();
    bool recurses = way == Way::recursion;
    made_dns->answers["who.example/TXT"] = fake::txt({recurses ? "the root" : asked_at(of)});
    last_made = made_dns;
    made_dns->answer = way == Way::unvalidated ? unvalidated : way == Way::resolvers ? forwarded : recursion;
    return made_dns;
  }
  // Whom the Dns in use asks.
  std::string who(const Prepared& prepared) {
    auto answer = run(loop, prepared.dns->ask("who.example", RrType::txt));
    return decode_txt(answer.rdata.at(0)).value();
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, 60s, done); }
  const Health& last() const { return *published.back(); }

  fake::VirtualTime virtual_time{[] { return true; }};  // the sockets in it are the loop's own
  DnsAnswer recursion = keys(), forwarded = keys(), unvalidated = keys();
  Resolvers resolvers{"192.0.2.53"};
  std::optional<Way> unmakeable;
  int failing_reads = 0;
  int made = 0;
  std::shared_ptr<fake::FakeDns> last_made;
  fake::FakeClock clock;
  Log log{quiet()};
  asio::io_context loop{1};
  std::vector<std::shared_ptr<Network>> networks;
  std::vector<HealthPtr> published;
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
      if (!silent) socket_.send_to(asio::buffer(answer), from_);
      receive();
    });
  }
  asio::ip::udp::socket socket_;
  asio::ip::udp::endpoint from_;
  std::array<char, 512> bytes_{};

 public:
  const std::uint16_t port;
  bool silent = false;
  int asked = 0;
};

const DnsAnswer silence = fake::dns_failure("timeout after 3 s"),
                stripped = fake::dns_failure("DNSSEC bogus: no signatures", DnsAnswer::Security::bogus);

}  // namespace

TEST_CASE("30 seconds after a failure, then twice that, up to 10 minutes", "[daemon]") {
  HealthTimes times;
  CHECK(next_look(0, times) == 600s);
  CHECK(next_look(1, times) == 30s);
  CHECK(next_look(2, times) == 60s);
  CHECK(next_look(5, times) == 480s);
  CHECK(next_look(6, times) == 600s);
  CHECK(next_look(4'000'000'000u, times) == 600s);
}

TEST_CASE("configured resolvers are used at once, the test only tells", "[daemon]") {
  Bench bench;
  bench.recursion = stripped;
  bench.check.use(bench.prepare(false));
  CHECK(bench.networks.size() == 1);
  CHECK(bench.last().way == "as configured");
  CHECK(bench.last().dnssec);
  CHECK(bench.last().checked_at == Time{});
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().dnssec_detail.contains("no signatures"));
  CHECK(bench.last().dns_answers);
  CHECK(bench.last().checked_at == bench.clock.time);
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  CHECK(bench.last().dnssec_detail.empty());
  CHECK(bench.networks.size() == 1);
}

TEST_CASE("auto: flights wait until a way is chosen, and follow it when it changes", "[daemon]") {
  Bench bench;
  bench.recursion = silence;
  auto prepared = bench.prepare(true);
  bench.check.use(prepared);
  CHECK(bench.networks.empty());
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("resolvers 192.0.2.53"));
  CHECK(bench.last().dnssec);
  CHECK(run(bench.loop, prepared->dns->ask("example.com", RrType::txt)).kind == DnsAnswer::Kind::data);

  bench.forwarded = silence;
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));
  CHECK(bench.last().way.contains("without DNSSEC"));
  bench.recursion = keys();
  REQUIRE(bench.until([&] { return bench.last().dnssec; }));
  CHECK(bench.last().way.starts_with("recursion:"));
  CHECK(bench.networks.size() == 1);
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
  bench.forwarded = bench.unvalidated = silence;
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

TEST_CASE("while DNS does not answer it is tried again and again, not ever more seldom", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 60s, .first_retry = 10ms, .limit = 50ms});
  bench.recursion = bench.forwarded = bench.unvalidated = silence;
  bench.check.use(bench.prepare(GENERATE(false, true)));
  REQUIRE(bench.until([&] { return bench.published.size() > 20; }));  // doubling: in 3 hours
}

TEST_CASE("auto: a network that is away for a moment does not switch DANE off", "[daemon]") {
  Bench bench;
  bench.forwarded = stripped;
  bench.check.use(bench.prepare(true));
  REQUIRE(bench.until([&] { return !bench.networks.empty(); }));
  CHECK(bench.last().way.starts_with("recursion:"));
  bench.recursion = silence;  // while the resolvers answer, out of their caches
  REQUIRE(bench.until([&] { return !bench.last().dns_answers; }));
  CHECK(bench.last().dnssec);
  CHECK(bench.last().way.starts_with("recursion:"));
  REQUIRE(bench.until([&] { return !bench.last().dnssec; }));  // it lasts
  CHECK(bench.last().dns_answers);
  CHECK(bench.last().way.contains("without DNSSEC"));
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
  bench.forwarded = stripped;
  bench.unvalidated = silence;
  bench.unmakeable = Way::recursion;  // it would be what remains
  REQUIRE(bench.until([&] { return !bench.last().dns_answers; }));
  CHECK(bench.last().way.starts_with("resolvers 192.0.2.53"));
  CHECK(prepared->in_use.way == Way::resolvers);
  CHECK(bench.who(*prepared) == "192.0.2.53");
}

TEST_CASE("auto: another resolv.conf is followed", "[daemon]") {
  Bench bench;
  bench.check.set_times({.usual = 60s, .first_retry = 10ms, .limit = 50ms});  // not only every 10 minutes
  bench.recursion = GENERATE(silence, stripped);
  bench.forwarded = GENERATE(keys(), stripped);  // the latter: without validation
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
    CHECK(bench.last().postfix_dane == false);
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
