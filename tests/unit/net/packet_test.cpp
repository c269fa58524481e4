#include "net/dns/packet.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/dns_server.hpp"

namespace mtasts {
namespace {

using namespace std::string_literals;
using Catch::Generators::values;
using Records = std::vector<DnsRecord>;

constexpr std::uint16_t ns = 2, cname = 5, mx = 15, txt = 16, srv = 33, dname = 39, rrsig = 46;
const std::string to_question = "\xC0\x0C"s;  // a compressed name: that of the question

std::string packet(std::uint16_t type, Records answer, Records authority = {}) {
  return dns_message("a.example", type, {.answer = std::move(answer), .authority = std::move(authority)});
}

TEST_CASE("RFC 1035 §4.1: the records of an answer", "[net]") {
  struct Row {
    const char* why;
    RrType type;
    Records answer;
    std::vector<std::string> rdata;
    const char* canonical;
  };
  const std::string one = dns_strings({"one"}), target = dns_name("b.example");
  auto row = GENERATE_COPY(values<Row>({
      {"none", RrType::txt, {}, {}, ""},
      {"one", RrType::txt, {{"a.example", txt, one}}, {one}, ""},
      {"two", RrType::txt, {{"a.example", txt, one}, {"a.example", txt, "\1b"}}, {one, "\1b"}, ""},
      {"RFC 2181 §5: the same one twice",
       RrType::txt,
       {{"a.example", txt, one}, {"a.example", txt, "\1b"}, {"a.example", txt, one}},
       {one, "\1b"},
       ""},
      {"RFC 7505: a null MX twice",
       RrType::mx,
       {{"a.example", mx, "\0\0\0"s}, {"a.example", mx, "\0\0\0"s}},
       {"\0\0\0"s},
       ""},
      {"names have no case", RrType::txt, {{"A.Example", txt, one}}, {one}, ""},
      {"of another owner", RrType::txt, {{"b.example", txt, one}}, {}, ""},
      {"of another type", RrType::txt, {{"a.example", mx, dns_u16(10) + target}}, {}, ""},
      {"signatures are not data",
       RrType::txt,
       {{"a.example", rrsig, "x"}, {"a.example", txt, one}},
       {one},
       ""},
      {"an alias", RrType::txt, {{"a.example", cname, target}, {"b.example", txt, one}}, {one}, "b.example"},
      {"an alias in upper case",
       RrType::txt,
       {{"a.example", cname, dns_name("B.EXAMPLE")}, {"b.example", txt, one}},
       {one},
       "B.EXAMPLE"},
      {"a chain",
       RrType::txt,
       {{"a.example", cname, target}, {"b.example", cname, dns_name("c.example")}, {"c.example", txt, one}},
       {one},
       "c.example"},
      {"a chain that is not one",
       RrType::txt,
       {{"a.example", cname, target}, {"c.example", txt, one}},
       {},
       "b.example"},
      {"data beside an alias is the alias's",
       RrType::txt,
       {{"a.example", cname, target}, {"a.example", txt, one}},
       {},
       "b.example"},
      {"a DNAME, whose CNAME follows",
       RrType::txt,
       {{"example", dname, dns_name("other")},
        {"a.example", cname, dns_name("a.other")},
        {"a.other", txt, one}},
       {one},
       "a.other"},
      {"an alias beside data: as libunbound has it, the data are the answer",
       RrType::txt,
       {{"a.example", txt, one}, {"a.example", cname, target}, {"b.example", txt, "\1b"}},
       {one},
       ""},
      {"an alias to itself",
       RrType::txt,
       {{"a.example", cname, to_question}, {"a.example", txt, one}},
       {one},
       "a.example"},
      {"CNAME itself", RrType::cname, {{"a.example", cname, target}}, {target}, ""},
      {"a compressed CNAME",
       RrType::cname,
       {{"a.example", cname, "\1x" + to_question}},
       {dns_name("x.a.example")},
       ""},
      {"a compressed MX",
       RrType::mx,
       {{"a.example", mx, dns_u16(10) + "\2mx" + to_question}},
       {dns_u16(10) + dns_name("mx.a.example")},
       ""},
      {"a compressed SRV",
       RrType::srv,
       {{"a.example", srv, dns_u16(0) + dns_u16(1) + dns_u16(587) + "\2mx" + to_question}},
       {dns_u16(0) + dns_u16(1) + dns_u16(587) + dns_name("mx.a.example")},
       ""},
      {"RFC 7505: a null MX", RrType::mx, {{"a.example", mx, "\0\0\0"s}}, {"\0\0\0"s}, ""},
      {"a compressed NS", RrType::ns, {{"a.example", ns, to_question}}, {dns_name("a.example")}, ""},
      {"an odd octet in an alias",
       RrType::txt,
       {{"a.example", cname, "\3x\ny" + target}, {"a.example", txt, one}},
       {},
       "x\\010y.b.example"},
  }));
  INFO(row.why);
  auto read = read_answer(packet(static_cast<std::uint16_t>(row.type), row.answer), "a.example.", row.type);
  REQUIRE(read);
  CHECK(read->rdata == row.rdata);
  CHECK(read->canonical == row.canonical);
}

TEST_CASE("a malformed packet is not read", "[net]") {
  struct Row {
    const char* why;
    RrType type;
    DnsRecord record;
  };
  auto row = GENERATE(values<Row>({
      {"an MX of two octets", RrType::mx, {"a.example", mx, dns_u16(10)}},
      {"an MX without an end", RrType::mx, {"a.example", mx, dns_u16(10) + "\2mx"}},
      {"an MX with more behind it", RrType::mx, {"a.example", mx, dns_u16(10) + dns_name("mx") + "x"}},
      {"a name that points to itself", RrType::mx, {"a.example", mx, dns_u16(10) + "\xC0\x32"}},
      {"a name that points beyond", RrType::mx, {"a.example", mx, dns_u16(10) + "\xC3\xFF"}},
      {"an alias to nowhere", RrType::txt, {"a.example", cname, "\xC3\xFF"}},
      {"an alias without a name", RrType::txt, {"a.example", cname, ""}},
  }));
  INFO(row.why);
  CHECK(!read_answer(packet(static_cast<std::uint16_t>(row.type), {row.record}), "a.example", row.type));
}

TEST_CASE("RFC 2308 §5: how long an answer is valid", "[net]") {
  const std::string one = dns_strings({"one"}), target = dns_name("b.example");
  auto ttl = [](Records answer, Records authority) {
    auto read = read_answer(packet(txt, std::move(answer), std::move(authority)), "a.example", RrType::txt);
    return read ? read->ttl : 999999;
  };
  CHECK(ttl({{"a.example", txt, one, 300}}, {}) == 300);
  CHECK(ttl({{"a.example", cname, target, 30}, {"b.example", txt, one, 300}}, {}) == 30);
  CHECK(ttl({{"a.example", txt, one, 300}}, {{"example", ns, target, 5}}) == 300);  // not of the answer
  CHECK(ttl({}, {}) == 300);                                                        // does not say
  CHECK(ttl({{"a.example", txt, one, 0}}, {}) == 0);
  CHECK(ttl({}, {dns_soa("example", 77)}) == 77);
  DnsRecord soa = dns_soa("example", 77);
  soa.ttl = 3600;
  CHECK(ttl({}, {soa}) == 77);
  soa.ttl = 7;
  CHECK(ttl({}, {soa}) == 7);
  CHECK(ttl({{"a.example", cname, target, 30}}, {dns_soa("example", 77)}) == 30);
}

TEST_CASE("a truncated message denies nothing", "[net]") {
  CHECK_FALSE(read_answer(dns_message("a.example", txt, {.truncated = true}), "a.example", RrType::txt));
}

TEST_CASE("the message's rcode", "[net]") {
  auto read = read_answer(dns_message("a.example", txt, {.rcode = 3}), "a.example", RrType::txt);
  REQUIRE(read);
  CHECK(read->rcode == 3);
}

}  // namespace
}  // namespace mtasts
