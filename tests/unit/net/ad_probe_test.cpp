#include "net/dns/ad_probe.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/dns_server.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::string answer(const char* flags) {
  return std::string("\x12\x34", 2) + std::string(flags, 2) + std::string("\0\1\0\0\0\0\0\0", 8) +
         std::string("\0\0\2\0\1", 5);
}

AdProbe to(const DnsServer& server) {
  return {.server = parse_address("127.0.0.1").value(), .port = server.port(), .timeout = 10s};
}

}  // namespace

TEST_CASE("RFC 6840 §5.7: the question has RD, AD and DO", "[net]") {
  CHECK(ad_question(0x1234) == std::string("\x12\x34\x01\x20\0\1\0\0\0\0\0\1"  // header
                                           "\0\0\2\0\1"                        // "." NS IN
                                           "\0\0\x29\x04\xd0\0\0\x80\0\0\0",
                                           28));
}

TEST_CASE("what an answer says about AD", "[net]") {
  struct Row {
    const char* why;
    std::string answer;
    AdSeen want;
  };
  auto changed = [](std::string text, std::size_t at, char c) {
    text[at] = c;
    return text;
  };
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"AD", answer("\x81\xa0"), AdSeen::yes},
      {"no AD", answer("\x81\x80"), AdSeen::no},
      {"CD is not AD", answer("\x81\x90"), AdSeen::no},
      {"more behind the question", answer("\x81\xa0") + "noise", AdSeen::yes},
      {"cut off, with AD", answer("\x83\xa0"), AdSeen::yes},
      {"cut off", answer("\x83\x80"), AdSeen::no_answer},
      {"a question", answer("\x01\x20"), AdSeen::no_answer},
      {"SERVFAIL", answer("\x81\xa2"), AdSeen::no_answer},
      {"REFUSED", answer("\x81\x85"), AdSeen::no_answer},
      {"another opcode", answer("\xa9\xa0"), AdSeen::no_answer},
      {"another id", changed(answer("\x81\xa0"), 1, 'x'), AdSeen::no_answer},
      {"another name", changed(answer("\x81\xa0"), 12, 'x'), AdSeen::no_answer},
      {"another type", changed(answer("\x81\xa0"), 14, 'x'), AdSeen::no_answer},
      {"two questions", changed(answer("\x81\xa0"), 5, '\2'), AdSeen::no_answer},
      {"cut short", answer("\x81\xa0").substr(0, 16), AdSeen::no_answer},
      {"nothing", "", AdSeen::no_answer},
  }));
  INFO(row.why);
  CHECK(judge_ad(row.answer, 0x1234) == row.want);
}

TEST_CASE("PFX-33: a resolver is asked as Postfix asks it", "[net]") {
  std::atomic<int> asked{0};
  std::atomic<unsigned> flags{0};
  DnsReply reply;
  DnsServer server([&](const DnsQuestion& q) {
    flags = q.flags;
    if (!q.name.empty() || q.type != 2) return DnsReply{.rcode = 5};
    if (asked++ == 0 && reply.truncated) return DnsReply{.silent = true};
    return reply;
  });
  int unanswered = 0;  // time passes only while one of this many questions stays without an answer
  const auto began = std::chrono::steady_clock::now();
  fake::VirtualTime virtual_time(
      [&] { return asked <= unanswered && std::chrono::steady_clock::now() - began < asked.load() * 10s; });
  asio::io_context loop{1};
  SECTION("it validates") {
    reply.authentic = true;
    CHECK(run(loop, probe_ad(to(server))) == AdSeen::yes);
    CHECK(flags == 0x0120);
    CHECK(asked == 1);
  }
  SECTION("it does not") { CHECK(run(loop, probe_ad(to(server))) == AdSeen::no); }
  SECTION("it is silent once") {
    reply.authentic = reply.truncated = true;
    unanswered = 1;
    CHECK(run(loop, probe_ad(to(server))) == AdSeen::yes);
    CHECK(asked == 2);
  }
  SECTION("it is silent twice") {
    reply.silent = true;
    unanswered = 2;
    CHECK(run(loop, probe_ad(to(server))) == AdSeen::no_answer);
    CHECK(std::chrono::steady_clock::now() - began >= 20s);
    CHECK(asked == 2);
  }
  SECTION("it refuses") {
    reply.rcode = 5;
    CHECK(run(loop, probe_ad(to(server))) == AdSeen::no_answer);
  }
}

TEST_CASE("nobody listens", "[net]") {
  std::uint16_t port = 0;
  {
    DnsServer gone([](const DnsQuestion&) { return DnsReply{}; });
    port = gone.port();
  }
  fake::VirtualTime virtual_time([] { return false; });
  asio::io_context loop{1};
  AdProbe probe{.server = parse_address("127.0.0.1").value(), .port = port, .timeout = 5s};
  CHECK(run(loop, probe_ad(probe)) == AdSeen::no_answer);  // ICMP says so at once
}

}  // namespace mtasts
