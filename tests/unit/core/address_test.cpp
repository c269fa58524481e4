#include "core/address.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <vector>

using namespace mtasts;

TEST_CASE("addresses as text", "[core]") {
  struct Row {
    const char *text, *want;  // want as printed; nullptr: refused
  };
  auto row = GENERATE(values<Row>({
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"256.0.0.1", nullptr},
      {"1.2.3", nullptr},
      {"1.2.3.4.5", nullptr},
      {"1.2.3.", nullptr},
      {".1.2.3", nullptr},
      {"01.2.3.4", nullptr},
      {"1.2.3.0x4", nullptr},
      {"1.2.3.+4", nullptr},
      {" 1.2.3.4", nullptr},
      {"1.2.3.4 ", nullptr},
      {"", nullptr},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
      {"0:0:3:4:5:6:0:0", "::3:4:5:6:0:0"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"1:2:3:4:5:6:7:1.2.3.4", nullptr},
      {"1.2.3.4::", nullptr},
      {"1.2.3.4::1", nullptr},
      {"1:2:3:4:5:6:7", nullptr},
      {"1:2:3:4:5:6:7:8:9", nullptr},
      {"1:2:3:4::5:6:7:8", nullptr},
      {"1::2::3", nullptr},
      {":::", nullptr},
      {":", nullptr},
      {":1", nullptr},
      {"1:", nullptr},
      {":1::2", nullptr},
      {"1::2:", nullptr},
      {"12345::", nullptr},
      {"g::", nullptr},
      {"-1::", nullptr},
      {"fe80::1%eth0", nullptr},
      {"[::1]", nullptr},
      {"0000:0000:0000:0000:0000:ffff:192.168.100.200x", nullptr},
  }));
  INFO(row.text);
  std::optional<Address> address = parse_address(row.text);
  REQUIRE(address.has_value() == (row.want != nullptr));
  if (!address) return;
  CHECK(to_string(*address) == row.want);
  CHECK(parse_address(to_string(*address)) == address);
}

TEST_CASE("CIDR blocks", "[core]") {
  struct Row {
    const char *block, *address;
    bool want;
  };
  auto row = GENERATE(values<Row>({
      {"203.0.113.0/24", "203.0.113.255", true},
      {"203.0.113.0/24", "203.0.114.0", false},
      {"203.0.113.77/24", "203.0.113.1", true},
      {"10.0.0.0/9", "10.127.255.255", true},
      {"10.0.0.0/9", "10.128.0.0", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1/32", "192.0.2.2", false},
      {"2001:db8::/32", "2001:db8:ffff::", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"2001:db8::/127", "2001:db8::1", true},
      {"2001:db8::1", "2001:db8::1", true},
      {"2001:db8::1/128", "2001:db8::2", false},
      {"::/0", "ffff::", true},
      {"::/0", "1.2.3.4", false},
      {"0.0.0.0/0", "::1", false},
  }));
  INFO(row.block << " " << row.address);
  CHECK(contains(parse_cidr(row.block).value(), parse_address(row.address).value()) == row.want);
}

TEST_CASE("malformed CIDR blocks", "[core]") {
  const char* text = GENERATE("", "/", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/08", "1.2.3.4/8/8",
                              "::/129", "::/1000", "x/8", "/8", "1.2.3.4/8 ");
  INFO(text);
  CHECK_FALSE(parse_cidr(text));
}

TEST_CASE("STS-16: special-use addresses (RFC 6890 and the registries after it)", "[core]") {
  struct Row {
    const char *address, *want;
  };
  auto row = GENERATE(values<Row>({
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "this network"},
      {"10.0.0.1", "private use"},
      {"10.255.255.255", "private use"},
      {"9.255.255.255", ""},
      {"11.0.0.0", ""},
      {"100.64.0.1", "shared address space"},
      {"100.63.255.255", ""},
      {"100.128.0.0", ""},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"169.254.169.254", "link local"},
      {"172.15.255.255", ""},
      {"172.16.0.0", "private use"},
      {"172.31.255.255", "private use"},
      {"172.32.0.0", ""},
      {"192.0.0.8", "protocol assignments"},
      {"192.0.1.0", ""},
      {"192.0.2.1", "documentation"},
      {"192.88.99.1", "6to4 relay"},
      {"192.168.0.1", "private use"},
      {"192.169.0.0", ""},
      {"198.17.255.255", ""},
      {"198.18.0.0", "benchmarking"},
      {"198.19.255.255", "benchmarking"},
      {"198.20.0.0", ""},
      {"198.51.100.1", "documentation"},
      {"203.0.113.1", "documentation"},
      {"223.255.255.255", ""},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"8.8.8.8", ""},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::2", "reserved"},
      {"::127.0.0.1", "reserved"},
      {"::ffff:8.8.8.8", "IPv4-mapped"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:10.0.0.1", "private use"},
      {"64:ff9b::8.8.8.8", ""},
      {"64:ff9b::127.0.0.1", "loopback"},
      {"64:ff9b::169.254.169.254", "link local"},
      {"64:ff9b:1::8.8.8.8", "local-use NAT64"},
      {"64:ff9b:0:0:0:1::", "reserved"},
      {"100::1", "discard only"},
      {"2001::f7f7:f7f7", "Teredo"},                         // its client is 8.8.8.8
      {"2001::1", "reserved"},                               // 255.255.255.254
      {"2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"},  // its client is 127.0.0.1, stored inverted
      {"2001:2::1", "protocol assignments"},
      {"2001:1ff:ffff::", "protocol assignments"},
      {"2001:200::", ""},
      {"2001:db8::1", "documentation"},
      {"2001:db9::1", ""},
      {"2002:808:808::1", "6to4"},
      {"2002:7f00:1::1", "loopback"},
      {"2002:a00:1::1", "private use"},
      {"2003::1", ""},
      {"2606:4700::1111", ""},
      {"3fff::1", "documentation"},
      {"3fff:fff::", "documentation"},
      {"3fff:1000::", ""},
      {"4000::1", "reserved"},
      {"5f00::1", "segment routing"},
      {"fc00::1", "unique local"},
      {"fdff::1", "unique local"},
      {"fe80::1", "link local"},
      {"febf::1", "link local"},
      {"fec0::1", "site local"},
      {"ff02::1", "multicast"},
  }));
  INFO(row.address);
  CHECK(special_use(parse_address(row.address).value()) == row.want);
  CHECK(may_dial(parse_address(row.address).value(), {}) == std::string_view(row.want).empty());
}

TEST_CASE("STS-16: special-use addresses may be dialled where they are allowed", "[core]") {
  std::vector<Cidr> allowed = {parse_cidr("203.0.113.0/24").value(), parse_cidr("2001:db8::/32").value()};
  CHECK(may_dial(parse_address("203.0.113.5").value(), allowed));
  CHECK(may_dial(parse_address("2001:db8::5").value(), allowed));
  CHECK(may_dial(parse_address("8.8.8.8").value(), allowed));
  CHECK_FALSE(may_dial(parse_address("198.51.100.5").value(), allowed));
  CHECK_FALSE(
      may_dial(parse_address("::ffff:203.0.113.5").value(), allowed));  // allowed is what is written there
}
