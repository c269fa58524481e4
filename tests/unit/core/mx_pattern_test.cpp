#include "core/mx_pattern.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;

TEST_CASE("RFC 8461 §4.1: MX host names against patterns", "[core]") {
  struct Row {
    const char *why, *pattern, *host;
    bool want;
  };
  auto row = GENERATE(values<Row>({
      {"STS-42: equality", "mx.example.com", "mx.example.com", true},
      {"STS-42: case-insensitive", "MX.Example.com", "mx.EXAMPLE.com", true},
      {"STS-42: * is the left-most label", "*.example.com", "mx.example.com", true},
      {"STS-42: * in any case", "*.Example.com", "MX.eXAMPLE.com", true},
      {"STS-42: * is not two labels", "*.example.com", "a.b.example.com", false},
      {"STS-42: * is not the bare domain", "*.example.com", "example.com", false},
      {"STS-42: * is never part of a label", "*.example.com", "mxexample.com", false},
      {"STS-42: other base", "*.example.com", "mx.example.org", false},
      {"STS-42: suffix of the base only", "*.example.com", "mx.notexample.com", false},
      {"STS-42: no wildcard, a label more", "example.com", "mx.example.com", false},
      {"PFX-24: rest equal after the first dot", "*.a.example.com", "b.a.example.com", true},
      {"PFX-24: A-labels", "*.xn--mx-xka.example", "m.xn--mx-xka.example", true},
      {"PFX-29: .example.com of match= is looser than this", "*.example.com", "x.y.z.example.com", false},
      {"a single-label host has nothing after its dot", "*.com", "com", false},
      {"an MX host with an underscore", "*.example.com", "mx_1.example.com", true},
      {"final dot of the MX record", "mx.example.com", "mx.example.com.", true},
  }));
  INFO(row.why);
  CHECK(MxPattern::parse(row.pattern)->matches(*DomainName::parse(row.host)) == row.want);
}

TEST_CASE("RFC 8461 §3.2: what an mx value may be", "[core]") {
  const std::string name251 = std::string(63, 'a') + "." + std::string(63, 'a') + "." + std::string(63, 'a') +
                              "." + std::string(59, 'b');
  struct Row {
    const char* why;
    std::string text;
    bool want;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"STS-23: domain", "mx.example.com", true},
      {"STS-23: *. and domain", "*.example.com", true},
      {"STS-23: single label", "mx", true},
      {"STS-23: asterisk alone", "*", false},
      {"STS-23: asterisk and dot", "*.", false},
      {"STS-23: asterisk in a label", "a*.b", false},
      {"STS-23: asterisk twice", "*.*.example", false},
      {"STS-23: asterisk without dot", "*example", false},
      {"STS-23: asterisk inside", "mx.*.example", false},
      {"STS-23: IPv4 address", "192.0.2.1", false},
      {"STS-23: wildcard before an address", "*.192.0.2.1", false},
      {"STS-23: IPv6 address", "2001:db8::1", false},
      {"STS-23: address literal", "[192.0.2.1]", false},
      {"STS-23: port", "mx.example.com:25", false},
      {"STS-23: U-label", "m\xC3\xBCx.example", false},
      {"STS-23: underscore", "_mx.example", false},
      {"STS-23: two on a line", "a.example b.example", false},
      {"STS-23: comma", "a.example,b.example", false},
      {"STS-23: leading dot of the draft", ".example.com", false},
      {"STS-23: final dot", "mx.example.com.", false},
      {"STS-23: final dot behind a wildcard", "*.example.com.", false},
      {"STS-23: empty", "", false},
      {"PFX-9: an attribute", "mx.example policy_type=sts", false},
      {"PFX-9: braces", "{mx.example}", false},
      {"253 octets with the asterisk", "*." + name251, true},
      {"254 octets with the asterisk", "*." + name251 + "b", false},
      {"253 octets", "a." + name251, true},
  }));
  INFO(row.why);
  std::optional<MxPattern> pattern = MxPattern::parse(row.text);
  REQUIRE(pattern.has_value() == row.want);
  if (pattern) CHECK(pattern->text() == row.text);
}

TEST_CASE("mx values that follow the grammar and match no host", "[core]") {
  struct Row {
    const char* text;
    bool want;
  };
  auto row = GENERATE(values<Row>({
      {"192.0.2.1", true},
      {"*.192.0.2.1", true},
      {"2130706433", true},
      {"mx.0x7F", true},
      {"mx.example.com", false},
      {"*.example.com", false},
      {"192.0.2.1.", false},
      {"mx_1.2", false},
      {"*.*.2", false},
      {"[192.0.2.1]", false},
      {"2001:db8::1", false},
  }));
  INFO(row.text);
  CHECK(is_numeric_mx(row.text) == row.want);
  if (row.want) CHECK_FALSE(MxPattern::parse(row.text));
}

TEST_CASE("an MX pattern folds upper case", "[core]") {
  auto pattern = MxPattern::parse("*.Example.COM");
  REQUIRE(pattern);
  CHECK(pattern->text() == "*.example.com");
  CHECK(pattern->wildcard());
  CHECK(pattern->base().str() == "example.com");
}
