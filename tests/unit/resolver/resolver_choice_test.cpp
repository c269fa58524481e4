#include "resolver/resolver_choice.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <map>
#include <utility>

#include "core/dnskey.hpp"
#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/name_servers.hpp"
#include "tests/unit/net/run.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Tested = DnssecCheck::Outcome;
const DnssecCheck good{.outcome = Tested::works, .detail = {}},
    warned{.outcome = Tested::works, .detail = "a key is missing"},
    bad{.outcome = Tested::broken, .detail = "it fails"},
    mute{.outcome = Tested::no_answer, .detail = "timeout"};
const WaysToTry automatic{
    .choose = true, .resolvers = test::name_servers({"192.0.2.53", "192.0.2.54"}), .words = {}},
    configured{.choose = false,
               .resolvers = test::name_servers({"192.0.2.53", "192.0.2.54"}),
               .words = "resolvers, as configured"},
    recursing{.choose = false, .resolvers = {}, .words = "recursion, as configured"};
const std::string root_key("\1\1\3\10key", 7);

using Tests = std::vector<std::optional<DnssecCheck>>;

// The trials with what each of them found, in their order.
Trials tried(const WaysToTry& ways, const Tests& tests) {
  Trials trials = trials_for(ways);
  REQUIRE(trials.size() == tests.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    trials[i].test = tests[i];
    trials[i].dns = std::make_shared<fake::FakeDns>();
  }
  return trials;
}

DnsAnswer keys() {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = DnsAnswer::Security::secure;
  answer.rdata = {root_key};
  return answer;
}

const DnsAnswer stripped = fake::dns_failure("DNSSEC bogus: no signatures", DnsAnswer::Security::bogus);

// What each way answers; a long delay is silence.
struct World {
  DnsAnswer recursion = keys(), forwarded = keys(), unvalidated = keys();
  std::chrono::milliseconds recursion_delay{0}, forwarded_delay{0}, unvalidated_delay{0};
  std::map<std::string, DnsAnswer> by_server;  // where the forwarders differ
  std::vector<std::pair<Way, Resolvers>> made;

  ChoiceOptions options(WaysToTry ways = {
                            .choose = true, .resolvers = test::name_servers({"192.0.2.53"}), .words = {}}) {
    return {.make = [this](Way way, const Resolvers& servers) { return make(way, servers); },
            .anchor = {"/root.key", {key_tag(root_key)}},
            .ways = std::move(ways),
            .limit = 300ms};
  }
  Result<std::shared_ptr<Dns>> make(Way way, const Resolvers& servers) {
    made.emplace_back(way, servers);
    auto dns = std::make_shared<fake::FakeDns>();
    bool forwards = way == Way::resolvers || way == Way::configured;
    dns->answer = way == Way::unvalidated ? unvalidated : forwards ? forwarded : recursion;
    dns->delay = way == Way::unvalidated ? unvalidated_delay : forwards ? forwarded_delay : recursion_delay;
    if (forwards && servers.size() == 1 && by_server.contains(to_string(servers.front())))
      dns->answer = by_server[to_string(servers.front())];
    return std::shared_ptr<Dns>(dns);
  }
};

}  // namespace

TEST_CASE("which way is taken, and how sure that is", "[daemon]") {
  struct Row {
    const char* why;
    WaysToTry ways;
    Tests tests;  // of recursion, each resolver, and the resolvers without validation
    std::optional<Way> want;
    Tested outcome;
    const char* words;
    Resolvers servers{};
    bool plain = false;
  };
  using enum DnssecCheck::Outcome;
  const Resolvers both = test::name_servers({"192.0.2.53", "192.0.2.54"}),
                  second = test::name_servers({"192.0.2.54"});
  auto row = GENERATE_REF(Catch::Generators::values<Row>({
      {"recursion works",
       automatic,
       {good, {}, {}, {}},
       Way::recursion,
       works,
       "recursion: the root's keys validate"},
      {"recursion is not known yet", automatic, {{}, good, good, good}, {}, no_answer, ""},
      {"recursion fails",
       automatic,
       {bad, good, good, {}},
       Way::resolvers,
       works,
       "resolvers 192.0.2.53, 192.0.2.54 from /etc/resolv.conf: recursion fails: it fails",
       both},
      {"a resolver is not known yet", automatic, {bad, {}, good, good}, {}, no_answer, ""},
      {"a resolver strips, the other is good",
       automatic,
       {mute, bad, good, good},
       Way::resolvers,
       works,
       "resolvers 192.0.2.54 from",
       second},
      {"a resolver is silent, the other is good",
       automatic,
       {mute, mute, good, good},
       Way::resolvers,
       works,
       "resolvers 192.0.2.54 from",
       second},
      {"nothing validates",
       automatic,
       {bad, bad, bad, good},
       Way::recursion,
       broken,
       "without DNSSEC",
       {},
       true},
      {"nothing validates, recursion is silent",
       automatic,
       {mute, bad, bad, good},
       Way::resolvers,
       broken,
       "without DNSSEC",
       both,
       true},
      {"nothing validates, one resolver answers",
       automatic,
       {mute, mute, bad, good},
       Way::resolvers,
       broken,
       "without DNSSEC",
       both,
       true},
      {"nothing answers about DNSSEC: that is not a proof",
       automatic,
       {mute, mute, mute, good},
       Way::recursion,
       no_answer,
       "without DNSSEC",
       {},
       true},
      {"unvalidated is not known yet", automatic, {bad, bad, bad, {}}, {}, no_answer, ""},
      {"nothing works",
       automatic,
       {bad, bad, bad, mute},
       Way::recursion,
       broken,
       "recursion, though it fails"},
      {"nothing answers",
       automatic,
       {mute, mute, mute, mute},
       Way::recursion,
       no_answer,
       "recursion, though it fails"},
      {"configured, all good", configured, {good, good, {}}, Way::configured, works, "as configured", both},
      {"configured, one strips",
       configured,
       {bad, good, good},
       Way::configured,
       works,
       "as configured",
       second},
      {"configured, all strip",
       configured,
       {bad, bad, good},
       Way::configured,
       broken,
       "without DNSSEC",
       both,
       true},
      {"configured, all silent",
       configured,
       {mute, mute, mute},
       Way::configured,
       no_answer,
       "as configured",
       both},
      {"recursion as configured", recursing, {good, {}}, Way::configured, works, "recursion, as configured"},
      {"recursion as configured does not validate",
       recursing,
       {bad, good},
       Way::configured,
       broken,
       "recursion, as configured, without DNSSEC",
       {},
       true},
  }));
  INFO(row.why);
  auto choice = choose(tried(row.ways, row.tests), row.ways);
  REQUIRE(choice.has_value() == row.want.has_value());
  if (!choice) return;
  CHECK(choice->way == *row.want);
  CHECK(choice->servers == row.servers);
  CHECK(choice->outcome == row.outcome);
  INFO(choice->words);
  CHECK(choice->words.contains(row.words));
  CHECK((choice->plain != nullptr) == row.plain);
  if (row.outcome != works) CHECK(!choice->detail.empty());
}

TEST_CASE("a silent root is distinguished from one that answers", "[daemon]") {
  DnssecCheck silent{.outcome = Tested::no_answer,
                     .detail = "no answer to the root's DNSKEY: timeout after 3 s"};
  auto words = [](const DnssecCheck& recursion) {
    return choose(tried(automatic, {recursion, good, good, {}}), automatic)->words;
  };
  CHECK(words(silent).contains("is port 53 filtered?"));
  silent.detail = "no answer to the root's DNSKEY: SERVFAIL";  // libunbound gave up before the timeout
  CHECK(words(silent).contains("is port 53 filtered?"));
  CHECK(!words(bad).contains("filtered"));
}

TEST_CASE("a warning of the way that works is kept", "[daemon]") {
  auto detail = [](const Tests& tests) { return choose(tried(automatic, tests), automatic)->detail; };
  CHECK(detail({warned, {}, {}, {}}) == "a key is missing");
  CHECK(detail({bad, warned, warned, {}}) == "a key is missing");
  CHECK(detail({bad, bad, good, {}}) == "192.0.2.53 is not asked: it fails");
  CHECK(detail({bad, good, good, {}}).empty());
}

TEST_CASE("the silent ways are named", "[daemon]") {
  auto silent = [](const Tests& tests) { return choose(tried(automatic, tests), automatic)->silent; };
  CHECK(silent({mute, bad, mute, good}) == std::vector{Way::recursion});
  CHECK(silent({bad, mute, mute, good}) == std::vector{Way::resolvers});
  CHECK(silent({bad, bad, bad, good}).empty());
}

TEST_CASE("the ways are tried at once", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  Choice choice;
  SECTION("recursion wins, however slow the others") {
    world.forwarded_delay = world.unvalidated_delay = 1h;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::recursion);
  }
  SECTION("recursion wins though it is the slowest") {
    world.recursion_delay = 20ms;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::recursion);
  }
  SECTION("port 53 is filtered") {
    world.recursion_delay = 1h;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::resolvers);
    CHECK(choice.words.contains("timeout after 300 ms"));
  }
  SECTION("the resolver strips DNSSEC") {
    world.recursion_delay = 1h;
    world.forwarded = stripped;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::resolvers);
    CHECK(choice.outcome == Tested::broken);
    CHECK(choice.plain);
    CHECK(choice.detail.contains("no signatures"));
  }
  SECTION("nothing answers") {
    world.recursion_delay = world.forwarded_delay = world.unvalidated_delay = 1h;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::recursion);
    CHECK(choice.outcome == Tested::no_answer);
  }
  CHECK(choice.dns);
  // What was tried and failed is not taken into use.
  CHECK(world.made.size() == (choice.works() ? 3 : 4));
}

TEST_CASE("of several resolvers, those that validate are used together", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  Resolvers three = test::name_servers({"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  world.by_server["192.0.2.2"] = stripped;
  auto choice =
      run(loop, choose_way(world.options({.choose = false, .resolvers = three, .words = "x"}), clock));
  CHECK(choice.works());
  CHECK(choice.servers == test::name_servers({"192.0.2.1", "192.0.2.3"}));
  CHECK(choice.detail.contains("192.0.2.2 is not asked"));
  CHECK(choice.detail.contains("no signatures"));
  CHECK(choice.dns);
  CHECK(world.made.back() == std::pair(Way::configured, choice.servers));
}

TEST_CASE("if no Dns can be made, nothing is said about DNSSEC", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  ChoiceOptions options = world.options();
  options.make = [](Way, const Resolvers&) -> Result<std::shared_ptr<Dns>> {
    return fail(Fault::config, "out of file descriptors");
  };
  auto choice = run(loop, choose_way(options, clock));
  CHECK(choice.outcome == Tested::no_answer);
  CHECK(!choice.dns);
}

TEST_CASE("if its Dns can't be made, a way has failed", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  ChoiceOptions options = world.options();
  options.make = [&world](Way way, const Resolvers& servers) -> Result<std::shared_ptr<Dns>> {
    if (way == Way::recursion) return fail(Fault::config, "out of file descriptors");
    return world.make(way, servers);
  };
  auto choice = run(loop, choose_way(options, clock));
  CHECK(choice.way == Way::resolvers);
  CHECK(choice.words.contains("out of file descriptors"));
}

}  // namespace mtasts
