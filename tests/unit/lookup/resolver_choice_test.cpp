#include "lookup/resolver_choice.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/dnskey.hpp"
#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/net/run.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

using Tested = SelfTest::Outcome;
const SelfTest good{.outcome = Tested::works, .detail = {}},
    bad{.outcome = Tested::broken, .detail = "it fails"},
    mute{.outcome = Tested::no_answer, .detail = "timeout"};
const Resolvers resolvers{"192.0.2.53", "192.0.2.54"};
const std::string root_key("\1\1\3\10key", 7);

DnsAnswer keys() {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = DnsAnswer::Security::secure;
  answer.rdata = {root_key};
  return answer;
}

// What each way answers; a long delay is silence.
struct World {
  DnsAnswer recursion = keys(), forwarded = keys(), unvalidated = keys();
  std::chrono::milliseconds recursion_delay{0}, forwarded_delay{0}, unvalidated_delay{0};
  int made = 0;

  ChoiceOptions options() {
    return {.make = [this](Way way, const Resolvers&) { return make(way); },
            .anchor = {"/root.key", {key_tag(root_key)}},
            .resolvers = resolvers,
            .limit = 300ms};
  }
  Result<std::shared_ptr<Dns>> make(Way way) {
    ++made;
    auto dns = std::make_shared<fake::FakeDns>();
    bool forwards = way == Way::resolvers;
    dns->answer = way == Way::unvalidated ? unvalidated : forwards ? forwarded : recursion;
    dns->delay = way == Way::unvalidated ? unvalidated_delay : forwards ? forwarded_delay : recursion_delay;
    return std::shared_ptr<Dns>(dns);
  }
};

}  // namespace

TEST_CASE("which way is taken, and how sure that is", "[daemon]") {
  struct Row {
    const char* why;
    Tried tried;
    std::optional<Way> want;
    Tested outcome;
    const char* words;
  };
  using enum SelfTest::Outcome;
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"recursion works", {good, {}, {}}, Way::recursion, works, "recursion: the root's keys validate"},
      {"recursion is not known yet", {{}, good, good}, {}, no_answer, ""},
      {"recursion fails",
       {bad, good, {}},
       Way::resolvers,
       works,
       "resolvers 192.0.2.53, 192.0.2.54 from /etc/resolv.conf: recursion fails: it fails"},
      {"the resolvers are not known yet", {bad, {}, good}, {}, no_answer, ""},
      {"neither validates", {bad, bad, good}, Way::unvalidated, broken, "without DNSSEC"},
      {"neither answers DNSKEY", {mute, mute, good}, Way::unvalidated, broken, "without DNSSEC"},
      {"unvalidated is not known yet", {bad, bad, {}}, {}, no_answer, ""},
      {"nothing works", {bad, bad, mute}, Way::recursion, broken, "recursion, though it fails"},
      {"nothing answers", {mute, mute, mute}, Way::recursion, no_answer, "recursion, though it fails"},
      {"a resolver strips, but recursion is what remains",
       {mute, bad, mute},
       Way::recursion,
       no_answer,
       "recursion, though it fails"},
  }));
  INFO(row.why);
  auto choice = choose(row.tried, resolvers);
  REQUIRE(choice.has_value() == row.want.has_value());
  if (!choice) return;
  CHECK(choice->way == *row.want);
  CHECK(choice->outcome == row.outcome);
  CHECK(choice->words.contains(row.words));
  CHECK(choice->detail.empty() == (row.outcome == works));
}

TEST_CASE("a silent root is told from one that answers", "[daemon]") {
  SelfTest silent{.outcome = Tested::no_answer,
                  .detail = "no answer to the root's DNSKEY: timeout after 3 s"};
  CHECK(choose({silent, good, {}}, resolvers)->words.contains("is port 53 filtered?"));
  CHECK(!choose({bad, good, {}}, resolvers)->words.contains("filtered"));
}

TEST_CASE("a warning of the way that works is kept", "[daemon]") {
  SelfTest warned{.outcome = Tested::works, .detail = "a key is missing"};
  CHECK(choose({warned, {}, {}}, resolvers)->detail == "a key is missing");
  CHECK(choose({bad, warned, {}}, resolvers)->detail == "a key is missing");
}

TEST_CASE("the three ways are tried at once", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  auto began = steady_clock::now();
  Choice choice;
  SECTION("recursion wins at once, however slow the others") {
    world.forwarded_delay = world.unvalidated_delay = 10s;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::recursion);
    CHECK(steady_clock::now() - began < 200ms);
  }
  SECTION("recursion wins though it is the slowest") {
    world.recursion_delay = 100ms;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::recursion);
  }
  SECTION("port 53 is filtered") {
    world.recursion_delay = 10s;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::resolvers);
    CHECK(choice.words.contains("timeout after 300 ms"));
  }
  SECTION("the resolver strips DNSSEC") {
    world.recursion_delay = 10s;
    world.forwarded = fake::dns_failure("DNSSEC bogus: no signatures", DnsAnswer::Security::bogus);
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::unvalidated);
    CHECK(choice.detail.contains("no signatures"));
  }
  SECTION("nothing answers") {
    world.recursion_delay = world.forwarded_delay = world.unvalidated_delay = 10s;
    choice = run(loop, choose_way(world.options(), clock));
    CHECK(choice.way == Way::recursion);
    CHECK(choice.outcome == Tested::no_answer);
  }
  CHECK(choice.dns);
  CHECK(world.made == 3);
  CHECK(steady_clock::now() - began < 2s);
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

TEST_CASE("a Dns that can't be made is a way that fails", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  ChoiceOptions options = world.options();
  options.make = [&world](Way way, const Resolvers&) -> Result<std::shared_ptr<Dns>> {
    if (way == Way::recursion) return fail(Fault::config, "out of file descriptors");
    return world.make(way);
  };
  auto choice = run(loop, choose_way(options, clock));
  CHECK(choice.way == Way::resolvers);
  CHECK(choice.words.contains("out of file descriptors"));
}

TEST_CASE("one way is tried within the limit", "[daemon]") {
  World world;
  fake::FakeClock clock;
  asio::io_context loop{1};
  auto trial = run(loop, try_way(world.options(), Way::configured, clock));
  CHECK(trial.test.works());
  CHECK(trial.dns);
  world.forwarded_delay = 10s;
  trial = run(loop, try_way(world.options(), Way::resolvers, clock));
  CHECK(trial.test.outcome == Tested::no_answer);
  CHECK(trial.test.detail.contains("timeout after 300 ms"));
}

}  // namespace mtasts
