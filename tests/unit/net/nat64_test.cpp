#include "net/https/nat64.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace mtasts {
namespace {

using Catch::Generators::values;

TEST_CASE("RFC 6052 §2.4: an IPv4 address behind each length of prefix", "[net]") {
  struct Row {
    const char *prefix, *known, *want;
  };
  auto row = GENERATE(values<Row>({
      {"2001:db8::/32", "2001:db8:c000:aa::", "2001:db8:c000:221::"},
      {"2001:db8:100::/40", "2001:db8:1c0:0:aa::", "2001:db8:1c0:2:21::"},
      {"2001:db8:122::/48", "2001:db8:122:c000:0:aa00::", "2001:db8:122:c000:2:2100::"},
      {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:aa::", "2001:db8:122:3c0:0:221::"},
      {"2001:db8:122:344::/64", "2001:db8:122:344:c0:0:aa00::", "2001:db8:122:344:c0:2:2100::"},
      {"2001:db8:122:344::/96", "2001:db8:122:344::192.0.0.171", "2001:db8:122:344::192.0.2.33"},
      {"64:ff9b::/96", "64:ff9b::192.0.0.170", "64:ff9b::192.0.2.33"},
  }));
  INFO(row.prefix);
  auto prefix = nat64_prefix(parse_address(row.known).value());
  REQUIRE(prefix);
  CHECK(*prefix == parse_cidr(row.prefix).value());
  CHECK(behind_nat64(*prefix, parse_address("192.0.2.33").value()) == parse_address(row.want).value());
}

TEST_CASE("RFC 7050 §3: no prefix", "[net]") {
  auto text = GENERATE(
      values<const char*>({"64:ff9b::192.0.2.1", "::1", "192.0.0.170", "2001:db8:c000:aa::192.0.0.170"}));
  INFO(text);
  CHECK(!nat64_prefix(parse_address(text).value()));
}

}  // namespace
}  // namespace mtasts
