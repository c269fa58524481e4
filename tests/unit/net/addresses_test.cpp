#include "net/https/addresses.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/fixed_dns.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using Catch::Generators::values;
using std::chrono::steady_clock;

std::vector<Address> some(std::initializer_list<const char*> texts) {
  std::vector<Address> addresses;
  for (const char* text : texts) addresses.push_back(parse_address(text).value());
  return addresses;
}

DnsAnswer failure(const char* reason, DnsAnswer::Security security = DnsAnswer::Security::insecure) {
  DnsAnswer answer;
  answer.reason = reason;
  answer.security = security;
  return answer;
}

DnsAnswer none(DnsAnswer::Kind kind) {
  DnsAnswer answer;
  answer.kind = kind;
  return answer;
}

TEST_CASE("IPv6 and IPv4 in turn", "[net]") {
  boost::asio::io_context loop{1};
  FixedDns dns;
  for (const char* text : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"}) {
    dns.add_address("host.example", parse_address(text).value());
  }
  auto found = run(loop, find_addresses(dns, "host.example", steady_clock::now() + 1s));
  REQUIRE(found);
  CHECK(*found == some({"2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"}));
}

TEST_CASE("no address: the DNS's words give the cause", "[net]") {
  using enum DnsAnswer::Kind;
  struct Row {
    const char* why;
    DnsAnswer v6, v4;
    const char* words;
  };
  auto row = GENERATE(values<Row>({
      {"NXDOMAIN", none(nxdomain), none(nxdomain), "host.example does not exist (NXDOMAIN)"},
      {"no data", none(no_data), none(no_data), "host.example has no address"},
      {"SERVFAIL", failure("SERVFAIL"), failure("SERVFAIL"), "host.example A: SERVFAIL"},
      {"IPv6 failed, no IPv4", failure("timeout after 5 s"), none(no_data),
       "host.example AAAA: timeout after 5 s"},
      {"bogus tells most", failure("DNSSEC bogus: x", DnsAnswer::Security::bogus),
       failure("timeout after 5 s"), "host.example AAAA: DNSSEC bogus: x"},
  }));
  INFO(row.why);
  auto found = merge_answers("host.example", row.v6, row.v4);
  REQUIRE(!found);
  CHECK(found.error().step == FetchStep::address);
  CHECK(found.error().detail == row.words);
}

TEST_CASE("one family's failure does not matter while the other has data", "[net]") {
  DnsAnswer data = none(DnsAnswer::Kind::data);
  data.rdata = {std::string("\xc0\x00\x02\x01", 4), "bad"};
  auto found = merge_answers("host.example", failure("SERVFAIL"), data);
  REQUIRE(found);
  CHECK(*found == some({"192.0.2.1"}));
}

TEST_CASE("a Dns that never answers does not hold up the fetch", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.silent.insert("host.example");
  auto begin = steady_clock::now();
  auto found = run(loop, find_addresses(dns, "host.example", begin + 100ms));
  REQUIRE(!found);
  CHECK(found.error().step == FetchStep::deadline);
  CHECK(steady_clock::now() - begin == 100ms);
}

TEST_CASE("one family that never answers costs 0.3 s, not the wait", "[net]") {
  auto silent = GENERATE(RrType::aaaa, RrType::a);
  const char* there = silent == RrType::aaaa ? "192.0.2.1" : "2001:db8::1";
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.add_address("host.example", *parse_address(there));
  dns.silent_types.insert(silent);
  auto begin = steady_clock::now();
  auto found = run(loop, find_addresses(dns, "host.example", begin + 5s));
  REQUIRE(found);
  CHECK(*found == some({there}));
  CHECK(steady_clock::now() - begin == 300ms);
}

TEST_CASE("STS-16: special-use addresses are refused and named", "[net]") {
  auto judged = judge_addresses(some({"203.0.113.9", "::1", "10.0.0.1"}), {});
  REQUIRE(!judged);
  CHECK(judged.error().step == FetchStep::address);
  for (const char* word :
       {"203.0.113.9 is special-use (", "::1 is special-use (", "10.0.0.1", "allow_addresses"}) {
    CHECK(judged.error().detail.contains(word));
  }
}

TEST_CASE("STS-16: allowed and global addresses stay, in order", "[net]") {
  std::vector<Cidr> allowed{parse_cidr("203.0.113.0/24").value()};
  auto judged = judge_addresses(some({"127.0.0.1", "203.0.113.9", "::ffff:127.0.0.1", "8.8.8.8"}), allowed);
  REQUIRE(judged);
  CHECK(*judged == some({"203.0.113.9", "8.8.8.8"}));
}

DnsAnswer aaaa(std::initializer_list<const char*> texts,
               DnsAnswer::Security security = DnsAnswer::Security::insecure) {
  DnsAnswer answer = none(DnsAnswer::Kind::data);
  if (security == DnsAnswer::Security::bogus) answer = failure("DNSSEC bogus: no signatures", security);
  for (const Address& address : some(texts))
    answer.rdata.emplace_back(address.octets.begin(), address.octets.end());
  return answer;
}

TEST_CASE("RFC 6147 §5.5: an IPv4 host on the other side of a NAT64", "[net]") {
  using enum DnsAnswer::Kind;
  const DnsAnswer made_up = aaaa({"64:ff9b::808:808"}, DnsAnswer::Security::bogus), no_answer = none(no_data);
  const DnsAnswer known = aaaa({"64:ff9b::c000:aa", "64:ff9b::c000:ab"});
  struct Row {
    const char* why;
    DnsAnswer v6, nat64;
    std::vector<Address> tried, want;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"bogus AAAA records, which a DNS64 made up", made_up, no_answer, some({"8.8.8.8"}),
       some({"64:ff9b::808:808"})},
      {"they go before a prefix", made_up, aaaa({"2001:67c:2b0::c000:aa"}), some({"8.8.8.8"}),
       some({"64:ff9b::808:808"})},
      {"a prefix", no_answer, known, some({"8.8.8.8", "1.1.1.1"}),
       some({"64:ff9b::808:808", "64:ff9b::101:101"})},
      {"the host has IPv6", aaaa({"2001:67c:2b0::1"}), known, some({"2001:67c:2b0::1", "8.8.8.8"}), {}},
      {"no way is known", no_answer, no_answer, some({"8.8.8.8"}), {}},
      {"an answer without the well-known address",
       no_answer,
       aaaa({"64:ff9b::808:808"}),
       some({"8.8.8.8"}),
       {}},
      {"a bogus answer for the well-known name",
       no_answer,
       aaaa({"64:ff9b::c000:aa"}, DnsAnswer::Security::bogus),
       some({"8.8.8.8"}),
       {}},
      {"bogus without records",
       failure("DNSSEC bogus: x", DnsAnswer::Security::bogus),
       no_answer,
       some({"8.8.8.8"}),
       {}},
  }));
  INFO(row.why);
  CHECK(beyond_nat64(row.v6, row.nat64, row.tried) == row.want);
}

TEST_CASE("a bogus AAAA record is not an address of the host", "[net]") {
  auto bogus = aaaa({"2001:67c:2b0::1"}, DnsAnswer::Security::bogus);
  auto alone = merge_answers("host.example", bogus, none(DnsAnswer::Kind::no_data));
  REQUIRE(!alone);
  CHECK(alone.error().detail == "host.example AAAA: DNSSEC bogus: no signatures");
}

TEST_CASE("the prefix of a NAT64 is asked for on a host without IPv4", "[net]") {
  bool ipv6_only = GENERATE(true, false);
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.add_address("host.example", parse_address("8.8.8.8").value());
  dns.add_address("ipv4only.arpa", parse_address("64:ff9b::c000:aa").value());
  auto lookup = begin_lookup(loop.get_executor(), dns, "host.example", ipv6_only);
  auto found = run(loop, finish_lookup(lookup, "host.example", steady_clock::now() + 5s));
  REQUIRE(found);
  CHECK(dns.asked == (ipv6_only ? 3 : 2));
  CHECK(last_resort(*lookup, *found) == (ipv6_only ? some({"64:ff9b::808:808"}) : some({})));
}

}  // namespace
}  // namespace mtasts
