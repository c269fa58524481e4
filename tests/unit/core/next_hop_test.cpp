#include "core/next_hop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;

TEST_CASE("next hops that have a policy domain", "[core]") {
  struct Row {
    const char *why, *key, *domain, *port;
    bool bracketed;
  };
  auto row = GENERATE(values<Row>({
      {"KEY-1: recipient domain", "example.com", "example.com", "", false},
      {"KEY-1: port", "example.com:587", "example.com", "587", false},
      {"KEY-1: brackets", "[mx.example.com]", "mx.example.com", "", true},
      {"KEY-1: brackets and port", "[mx.example.com]:587", "mx.example.com", "587", true},
      {"KEY-5: case as typed", "Foo.Example.COM", "foo.example.com", "", false},
      {"KEY-5: one final dot", "example.com.", "example.com", "", false},
      {"KEY-5: final dot and port", "example.com.:25", "example.com", "25", false},
      {"KEY-6: A-labels", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example", "", false},
      {"PFX-44: service name", "[mx.example.com]:submission", "mx.example.com", "submission", true},
      {"PFX-44: service name, no brackets", "example.com:smtp", "example.com", "smtp", false},
      {"PFX-44: hyphen in a service name", "example.com:x-smtp", "example.com", "x-smtp", false},
      {"ANS-8, STS-35: the host itself", "[relay.example]:25", "relay.example", "25", true},
      {"an empty port is the default one to Postfix", "example.com:", "example.com", "", false},
      {"an empty port behind brackets", "[mx.example.com]:", "mx.example.com", "", true},
      {"single label", "localhost", "localhost", "", false},
      {"underscore: Postfix delivers to it", "Under_score.example", "under_score.example", "", false},
      {"underscore, brackets and port", "[mx_1.example]:587", "mx_1.example", "587", true},
      {"highest port", "example.com:65535", "example.com", "65535", false},
  }));
  INFO(row.why);
  auto result = parse_next_hop(row.key);
  const NextHop* hop = std::get_if<NextHop>(&result);
  REQUIRE(hop);
  CHECK(hop->domain.str() == row.domain);
  CHECK(hop->port == row.port);
  CHECK(hop->bracketed == row.bracketed);
}

TEST_CASE("next hops without a policy domain", "[core]") {
  struct Row {
    const char* why;
    std::string key;
    NotAHost want;
  };
  auto row = GENERATE(values<Row>({
      {"KEY-3, KEY-4: parent", ".example.com", NotAHost::parent},
      {"KEY-3, KEY-4: top-level parent", ".com", NotAHost::parent},
      {"KEY-4: a dot alone", ".", NotAHost::parent},
      {"KEY-7: IPv4", "192.0.2.1", NotAHost::address},
      {"KEY-7, ANS-8: [IPv4]", "[192.0.2.1]", NotAHost::address},
      {"KEY-7: [IPv4] with port", "[192.0.2.1]:587", NotAHost::address},
      {"KEY-7: IPv4 with port", "192.0.2.1:25", NotAHost::address},
      {"KEY-7: IPv6", "2001:db8::1", NotAHost::address},
      {"KEY-7: [IPv6]", "[2001:db8::1]:25", NotAHost::address},
      {"KEY-7: [IPv6:…]", "[IPv6:2001:db8::1]", NotAHost::address},
      {"KEY-7: LMTP path", "/var/spool/lmtp", NotAHost::not_a_name},
      {"KEY-7: LMTP path with scheme", "unix:/var/spool/lmtp", NotAHost::not_a_name},
      {"KEY-7: LMTP over TCP", "inet:lmtp.example:24", NotAHost::not_a_name},
      {"KEY-7: garbage", "\xFF\xFE", NotAHost::not_a_name},
      {"KEY-6: U-label not yet converted", "m\xC3\xBCnchen.example", NotAHost::not_a_name},
      {"empty", "", NotAHost::not_a_name},
      {"NUL", std::string("a\0.example", 10), NotAHost::not_a_name},
      {"mail address", "user@example.com", NotAHost::not_a_name},
      {"two names", "example.com example.org", NotAHost::not_a_name},
      {"empty brackets", "[]", NotAHost::not_a_name},
      {"bracket not closed", "[mx.example.com", NotAHost::not_a_name},
      {"text behind the bracket", "[mx.example.com]x", NotAHost::not_a_name},
      {"bracket closed, not opened", "mx.example.com]", NotAHost::not_a_name},
      {"parent in brackets", "[.example.com]", NotAHost::not_a_name},
      {"port 0", "example.com:0", NotAHost::not_a_name},
      {"port above 65535", "example.com:65536", NotAHost::not_a_name},
      {"port of many digits", "example.com:99999999999999999999", NotAHost::not_a_name},
      {"port with a sign", "example.com:+25", NotAHost::not_a_name},
      {"port with a blank", "example.com: 25", NotAHost::not_a_name},
      {"port twice", "example.com:25:25", NotAHost::not_a_name},
      {"number in another form", "127.0.0x1", NotAHost::not_a_name},
  }));
  INFO(row.why);
  auto result = parse_next_hop(row.key);
  REQUIRE(std::holds_alternative<NotAHost>(result));
  CHECK(std::get<NotAHost>(result) == row.want);
}

TEST_CASE("KEY-8: equal keys read equally", "[core]") {
  auto a = parse_next_hop("[MX.example.com]:25"), b = parse_next_hop("[mx.Example.com.]:25");
  CHECK(std::get<NextHop>(a).domain == std::get<NextHop>(b).domain);
}

TEST_CASE("words for keys without a policy", "[core]") {
  CHECK(words(NotAHost::parent) == "a parent-domain key");
  CHECK(words(NotAHost::address) == "an IP address");
  CHECK(words(NotAHost::not_a_name) == "not a host name");
}
