#include "net/smtp/ehlo_name.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using Catch::Generators::values;

namespace mtasts {
namespace {

TEST_CASE("what we call ourselves (RFC 5321 section 4.1.4)", "[net]") {
  struct Row {
    const char *why, *configured, *host_name, *local, *want;
  };
  auto row = GENERATE(values<Row>({
      {"as configured", "checker.example", "mx.example.com", "192.0.2.1", "checker.example"},
      {"a literal as configured", "[192.0.2.9]", "mx.example.com", "192.0.2.1", "[192.0.2.9]"},
      {"the host's name", "", "Mail.Example.com", "192.0.2.1", "mail.example.com"},
      {"not a full name", "", "mail", "192.0.2.1", "[192.0.2.1]"},
      {"not in the DNS", "", "mail.local", "192.0.2.1", "[192.0.2.1]"},
      {"not in the DNS", "", "localhost.localdomain", "2001:db8::1", "[IPv6:2001:db8::1]"},
      {"not a host name for SMTP", "", "my_host.example", "192.0.2.1", "[192.0.2.1]"},
      {"none", "", "", "192.0.2.1", "[192.0.2.1]"},
      {"hostile", "", "a.example\r\nMAIL", "192.0.2.1", "[192.0.2.1]"},
  }));
  INFO(row.why);
  CHECK(ehlo_name(row.configured, row.host_name, parse_address(row.local).value()) == row.want);
}

}  // namespace
}  // namespace mtasts
