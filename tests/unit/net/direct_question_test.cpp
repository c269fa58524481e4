#include "net/dns/direct_question.hpp"

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
using Kind = DnsAnswer::Kind;

const std::string name = "_mta-sts.a.example";
const Address local_host = parse_address("127.0.0.1").value();

DnsRecord record(std::string text) { return {name, 16, dns_strings({std::move(text)})}; }

// An authoritative answer with the id 0x1234.
std::string answer(const DnsReply& reply) {
  std::string message = dns_message(name, 16, reply);
  message.replace(0, 3, "\x12\x34\x84");
  return message;
}

DirectOptions to(const DnsServer& server) {
  return {.allow_addresses = {parse_cidr("127.0.0.0/8").value()}, .timeout = 10s, .port = server.port()};
}

}  // namespace

TEST_CASE("a direct question wants no recursion, and has room for 1232 octets", "[net]") {
  std::string want(
      "\x12\x34\0\0\0\1\0\0\0\0\0\1\x8_mta-sts\1a\7example\0\0\x10\0\1"
      "\0\0\x29\x04\xd0\0\0\0\0\0\0",
      47);
  CHECK(direct_question(0x1234, name, RrType::txt) == want);
  CHECK(direct_question(0x1234, name + ".", RrType::txt) == want);
}

TEST_CASE("what a name server itself says", "[net]") {
  struct Row {
    const char* why;
    std::string datagram;
    Kind kind;
    const char* reason;
  };
  auto changed = [](std::string text, std::size_t at, char c) {
    text[at] = c;
    return text;
  };
  const std::string good = answer({.answer = {record("x")}});
  const std::string nxdomain = answer({.authority = {dns_soa("a.example")}, .rcode = 3});
  DnsReply alias{.answer = {{name, 5, dns_name("x.provider.example")}}};
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"a record", good, Kind::data, ""},
      {"the question in another case", changed(good, 22, 'A'), Kind::data, ""},
      {"NXDOMAIN", nxdomain, Kind::nxdomain, ""},
      {"no data", answer({.authority = {dns_soa("a.example")}}), Kind::no_data, ""},
      {"an alias of another zone", answer(alias), Kind::no_data, ""},
      {"not authoritative, as from a resolver or a parent", changed(good, 2, '\x80'), Kind::failed,
       "the server is not responsible for the name"},
      {"NXDOMAIN, not authoritative", changed(nxdomain, 2, '\x80'), Kind::failed,
       "the server is not responsible for the name"},
      {"cut", changed(good, 2, '\x86'), Kind::failed, "the answer is cut"},
      {"REFUSED", answer({.rcode = 5}), Kind::failed, "RCODE 5"},
      {"SERVFAIL", answer({.rcode = 2}), Kind::failed, "RCODE 2"},
      {"more records than there are", changed(good, 7, '\x9'), Kind::failed, "the answer can't be read"},
  }));
  INFO(row.why);
  auto read = read_direct_answer(row.datagram, 0x1234, name, RrType::txt);
  REQUIRE(read);
  CHECK(read->kind == row.kind);
  CHECK(read->reason == row.reason);
  CHECK(read->rdata.size() == (row.kind == Kind::data ? 1 : 0));
  CHECK_FALSE((read->local || (read->validated && row.kind != Kind::failed)));
  CHECK(read->canonical == (row.datagram == answer(alias) ? "x.provider.example" : ""));
}

TEST_CASE("what is not an answer to a direct question", "[net]") {
  const std::string good = answer({.answer = {record("x")}});
  REQUIRE(read_direct_answer(good, 0x1234, name, RrType::txt));
  CHECK_FALSE(read_direct_answer(good, 0x1235, name, RrType::txt));
  CHECK_FALSE(read_direct_answer(good, 0x1234, "_mta-sts.b.example", RrType::txt));
  CHECK_FALSE(read_direct_answer(good, 0x1234, name, RrType::mx));
  struct Row {
    std::size_t at;
    char octet;
  };
  for (auto [at, octet] :
       {Row{2, '\x04'}, Row{2, '\xac'}, Row{5, '\0'}, Row{5, '\2'}, Row{13, 'x'}, Row{35, '\3'}}) {
    std::string wrong = good;
    wrong[at] = octet;
    CHECK_FALSE(read_direct_answer(wrong, 0x1234, name, RrType::txt));
  }
  for (std::size_t size = 0; size < 36; ++size)
    CHECK_FALSE(read_direct_answer(good.substr(0, size), 0x1234, name, RrType::txt));
}

TEST_CASE("a name server is asked once", "[net]") {
  std::atomic<unsigned> flags{0xFFFF};
  DnsReply reply{.answer = {record("x")}};
  DnsServer server([&](const DnsQuestion& q) {
    flags = q.flags;
    return q.name == name && q.type == 16 ? reply : DnsReply{.rcode = 5};
  });
  const auto began = std::chrono::steady_clock::now();
  asio::io_context loop{1};
  auto servers = make_name_servers(to(server));
  SECTION("its answer is taken as it is") {
    fake::VirtualTime virtual_time([] { return false; });
    CHECK(run(loop, servers->ask_at(local_host, name, RrType::txt)).reason ==
          "the server is not responsible for the name");
    reply.authoritative = true;
    CHECK(run(loop, servers->ask_at(local_host, name, RrType::txt)).rdata == std::vector{dns_strings({"x"})});
    CHECK(flags == 0);
    CHECK(server.questions() == 2);
  }
  SECTION("its silence ends") {
    reply.silent = true;
    fake::VirtualTime virtual_time([&] { return server.questions() == 1; });
    auto got = run(loop, servers->ask_at(local_host, name, RrType::txt));
    CHECK(got.reason == "timeout after 10 s");
    CHECK_FALSE(got.local);
    CHECK(std::chrono::steady_clock::now() - began >= 10s);
    CHECK(server.questions() == 1);
  }
  SECTION("unless its address is special-use, or the name odd") {
    fake::VirtualTime virtual_time([] { return false; });
    auto strict = make_name_servers({.allow_addresses = {}, .port = server.port()});
    auto refused = run(loop, strict->ask_at(local_host, name, RrType::txt));
    CHECK(refused.reason.starts_with("127.0.0.1 is special-use: "));
    CHECK(refused.local);
    CHECK(run(loop, servers->ask_at(local_host, "a b", RrType::txt)).local);
    CHECK(server.questions() == 0);
  }
}

}  // namespace mtasts
