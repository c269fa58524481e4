#include "core/name_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace mtasts {

TEST_CASE("a resolver and its text", "[core]") {
  struct Row {
    const char *text, *address, *interface;
    std::uint16_t port;
    const char* written;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"192.0.2.53", "192.0.2.53", "", 53, "192.0.2.53"},
      {"192.0.2.53@53", "192.0.2.53", "", 53, "192.0.2.53"},
      {"192.0.2.53@5353", "192.0.2.53", "", 5353, "192.0.2.53@5353"},
      {"2001:DB8::53@1", "2001:db8::53", "", 1, "2001:db8::53@1"},
      {"fe80::1%eth0", "fe80::1", "eth0", 53, "fe80::1%eth0"},
      {"fe80::1%br-lan_0.7@5353", "fe80::1", "br-lan_0.7", 5353, "fe80::1%br-lan_0.7@5353"},
  }));
  INFO(row.text);
  auto server = parse_name_server(row.text);
  REQUIRE(server);
  CHECK(*server == NameServer{*parse_address(row.address), row.interface, row.port});
  CHECK(to_string(*server) == row.written);
  CHECK(parse_name_server(to_string(*server)) == server);
}

TEST_CASE("texts that are not resolvers", "[core]") {
  auto text = GENERATE(as<std::string_view>{}, "", "localhost", "192.0.2.53\n", "192.0.2.53:53",
                       "192.0.2.53@", "192.0.2.53@0", "192.0.2.53@65536", "192.0.2.53@53#name",
                       "192.0.2.53@+53", "fe80::1%", "fe80::1%@53", "fe80::1%eth0\nx",
                       "fe80::1%e123456789abcdef", "192.0.2.53%eth0", "%eth0", "@53");
  INFO(text);
  CHECK_FALSE(parse_name_server(text));
}

}  // namespace mtasts
