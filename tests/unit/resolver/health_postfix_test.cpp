// Whether the Postfix that asks does DANE itself.
#include <array>
#include <boost/asio/ip/udp.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/resolver/health_bench.hpp"

namespace mtasts {

using namespace health_bench;

namespace {

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

}  // namespace

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
