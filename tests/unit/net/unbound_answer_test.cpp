#include "net/dns/unbound_answer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <vector>

#include "tests/unit/net/dns_server.hpp"

namespace mtasts {
namespace {

using Catch::Generators::values;
using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;

constexpr std::uint16_t type_cname = 5, type_txt = 16, type_dnskey = 48;

DnsReply with_data(std::uint16_t rcode = 0) {
  return {.answer = {{"name.example", type_txt, dns_strings({"abcd"})}}, .authority = {}, .rcode = rcode};
}

DnsReply without_data(std::uint16_t rcode = 0) {
  return {.answer = {}, .authority = {dns_soa("example", 77)}, .rcode = rcode};
}

TEST_CASE("UB-5 to UB-7, UB-16: the kinds of libunbound's answers are kept apart", "[net]") {
  struct Row {
    const char* why;
    int rcode;
    DnsReply packet;
    Security said;
    Kind kind;
    Security security;
    const char* reason;
  };
  auto row = GENERATE(values<Row>({
      {"data, insecure", 0, with_data(), Security::insecure, Kind::data, Security::insecure, ""},
      {"UB-5: data, secure", 0, with_data(), Security::secure, Kind::data, Security::secure, ""},
      {"UB-7: no data", 0, without_data(), Security::insecure, Kind::no_data, Security::insecure, ""},
      {"UB-5: secure denial of data", 0, without_data(), Security::secure, Kind::no_data, Security::secure,
       ""},
      {"UB-7: NXDOMAIN", 0, without_data(3), Security::insecure, Kind::nxdomain, Security::insecure, ""},
      {"UB-5: secure NXDOMAIN", 0, without_data(3), Security::secure, Kind::nxdomain, Security::secure, ""},
      {"NXDOMAIN has no data", 0, with_data(3), Security::insecure, Kind::nxdomain, Security::insecure, ""},
      {"UB-7: SERVFAIL, without a packet",
       2,
       {},
       Security::insecure,
       Kind::failed,
       Security::insecure,
       "SERVFAIL"},
      {"REFUSED in the packet", 0, without_data(5), Security::insecure, Kind::failed, Security::insecure,
       "REFUSED"},
      {"an rcode without a name", 23, {}, Security::insecure, Kind::failed, Security::insecure, "RCODE 23"},
      {"a negative rcode", -1, {}, Security::insecure, Kind::failed, Security::insecure, "RCODE -1"},
      {"secure does not make SERVFAIL an answer", 0, with_data(2), Security::secure, Kind::failed,
       Security::insecure, "SERVFAIL"},
      {"secure does not make a failure an answer", 2, with_data(), Security::secure, Kind::failed,
       Security::insecure, "SERVFAIL"},
      {"UB-6: bogus comes with the data", 0, with_data(), Security::bogus, Kind::failed, Security::bogus,
       "DNSSEC bogus"},
      {"bogus NXDOMAIN", 0, without_data(3), Security::bogus, Kind::failed, Security::bogus, "DNSSEC bogus"},
      {"bogus SERVFAIL", 2, {}, Security::bogus, Kind::failed, Security::bogus, "DNSSEC bogus"},
  }));
  INFO(row.why);
  std::string packet = row.rcode == 0 ? dns_message("name.example", type_txt, row.packet) : "";
  DnsAnswer answer =
      to_answer({.rcode = row.rcode, .packet = packet, .security = row.said}, "name.example.", RrType::txt);
  CHECK(answer.kind == row.kind);
  CHECK(answer.security == row.security);
  CHECK(answer.reason == row.reason);
  CHECK(answer.rdata.empty() == (row.kind != Kind::data));
}

TEST_CASE("UB-8: raw data, TTL and the end of the alias chain", "[net]") {
  DnsReply reply{.answer = {{"name.example", type_cname, dns_name("target.example"), 300},
                            {"target.example", type_txt, dns_strings({"abcd"}), 900}},
                 .authority = {}};
  DnsAnswer answer =
      to_answer({.packet = dns_message("name.example", type_txt, reply)}, "name.example.", RrType::txt);
  CHECK(answer.canonical == "target.example");
  CHECK(answer.ttl == 300);
  REQUIRE(answer.rdata.size() == 1);
  CHECK(answer.rdata[0] == "\4abcd");
}

TEST_CASE("a packet that can't be read is a failure, never a denial", "[net]") {
  std::string packet = dns_message("name.example", type_txt, with_data());
  for (std::size_t size = 0; size < packet.size(); ++size) {
    INFO(size);
    DnsAnswer answer =
        to_answer({.packet = std::string_view(packet).substr(0, size), .security = Security::secure},
                  "name.example.", RrType::txt);
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.security == Security::insecure);
  }
}

TEST_CASE("the cause of a bogus answer is one printable line", "[net]") {
  const char* why = "validation failure <x.example. TXT IN>: signature expired\n\x1b[31m";
  DnsAnswer answer =
      to_answer({.packet = "", .security = Security::bogus, .why_bogus = why}, "x.example.", RrType::txt);
  CHECK(answer.reason.starts_with("DNSSEC bogus: signature expired"));
  CHECK(answer.reason.find('\n') == std::string::npos);
  CHECK(answer.reason.find('\x1b') == std::string::npos);
}

TEST_CASE("libunbound's words do not repeat the question", "[net]") {
  struct Row {
    const char *why_bogus, *want;
  };
  auto row = GENERATE(values<Row>({
      {"validation failure <X.example. TXT IN>: signature expired", "DNSSEC bogus: signature expired"},
      {"validation failure <other.example. TXT IN>: signature expired",
       "DNSSEC bogus: validation failure <other.example. TXT IN>: signature expired"},
      {"validation failure <x.example. TXT IN>: no keys have a DS from 192.0.2.1 for key x.example. while "
       "building "
       "chain of trust",
       "DNSSEC bogus: no keys have a DS from 192.0.2.1 while building chain of trust"},
      {"validation failure <x.example. TXT IN>: no signatures from 192.0.2.1 for DS example. while building "
       "chain of trust",
       "DNSSEC bogus: no signatures from 192.0.2.1 for DS example. while building chain of trust"},
      {"no keys for key x.example.", "DNSSEC bogus: no keys"},
      {"validation failure <x.example.", "DNSSEC bogus: validation failure <x.example."},
      {"validation failure <", "DNSSEC bogus: validation failure <"},
      {"validation failure <>: x", "DNSSEC bogus: validation failure <>: x"},
      {"signature expired", "DNSSEC bogus: signature expired"},
      {"", "DNSSEC bogus: "},
  }));
  INFO(row.why_bogus);
  DnsAnswer answer = to_answer({.packet = "", .security = Security::bogus, .why_bogus = row.why_bogus},
                               "x.example", RrType::txt);
  CHECK(answer.reason == row.want);
}

TEST_CASE("bogus AAAA records come with the answer, for policy hosts behind a DNS64", "[net]") {
  constexpr std::uint16_t type_aaaa = 28;
  std::string address(16, '\1');
  DnsReply reply{.answer = {{"example", type_aaaa, address}}, .authority = {}};
  DnsAnswer answer =
      to_answer({.packet = dns_message("example", type_aaaa, reply), .security = Security::bogus}, "example",
                RrType::aaaa);
  CHECK(answer.kind == Kind::failed);
  CHECK(answer.security == Security::bogus);
  CHECK(answer.rdata == std::vector<std::string>{address});
}

TEST_CASE("bogus keys come with the answer, for the DNSSEC check", "[net]") {
  DnsReply reply{.answer = {{"example", type_dnskey, "\1\1\3\x0Dkey"}}, .authority = {}};
  DnsAnswer answer =
      to_answer({.packet = dns_message("example", type_dnskey, reply), .security = Security::bogus},
                "example.", RrType::dnskey);
  CHECK(answer.kind == Kind::failed);
  CHECK(answer.rdata == std::vector<std::string>{"\1\1\3\x0Dkey"});
}

TEST_CASE("names that are not asked", "[net]") {
  struct Row {
    const char* why;
    std::string name;
    bool fine;
  };
  std::string label(63, 'a');
  std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  auto row = GENERATE_COPY(values<Row>({
      {"a name", "example.com", true},
      {"final dot", "example.com.", true},
      {"underscore", "_mta-sts.example.com", true},
      {"the root, for its keys", ".", true},
      {"upper case", "EXAMPLE.com", true},
      {"longest", longest, true},
      {"longest with a final dot", longest + ".", true},
      {"254 octets", longest + "b", false},
      {"24 labels", "_25._tcp.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.example.com.", true},
      {"25 labels", "_25._tcp.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.example.com", false},
      {"64 octets in a label", label + "a.example", false},
      {"nothing", "", false},
      {"UB-7: an empty label", "a..b", false},
      {"an empty first label", ".example", false},
      {"two final dots", "example..", false},
      {"an escape, which libunbound would read", "a\\.b.example", false},
      {"a blank", "a b.example", false},
      {"NUL", std::string("a\0b.example", 11), false},
      {"a byte above 127", "\xc3\xa4.example", false},
      {"wildcard", "*.example", false},
  }));
  INFO(row.why);
  CHECK(refuse_name(row.name).empty() == row.fine);
}

TEST_CASE("a timeout says its limit", "[net]") {
  using std::chrono::milliseconds;
  CHECK(timeout_answer(milliseconds(5000), true).reason == "timeout after 5 s");
  CHECK(timeout_answer(milliseconds(300), true).reason == "timeout after 300 ms");
  CHECK(timeout_answer(milliseconds(5000), false).reason.contains("not asked within 5 s"));
  CHECK(timeout_answer(milliseconds(5000), true).kind == Kind::failed);
}

}  // namespace
}  // namespace mtasts
