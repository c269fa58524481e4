// The section [check]: each key is read, checked, written and documented.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "conf/parse.hpp"
#include "tests/unit/conf/documents.hpp"

using Catch::Generators::values;

namespace mtasts {
namespace {

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

Result<Parsed> parse(std::string_view text) { return parse_config(text, "f.toml", paths); }

}  // namespace

TEST_CASE("[check]: without the section the defaults hold", "[conf]") {
  auto parsed = parse("");
  REQUIRE(parsed);
  CHECK(parsed->config.check == CheckConfig());
  CHECK(to_toml(parsed->config).ends_with("\n[check]\nehlo = \"\"\nca_file = \"\"\nallow_addresses = []\n"));
}

TEST_CASE("[check]: every key reaches its field, and is written and read back", "[conf]") {
  auto parsed = parse(
      "[check]\nehlo = \"checker.example\"\nca_file = \"/etc/ca.pem\"\n"
      "allow_addresses = [\"10.0.0.0/8\", \"::1\"]\n");
  if (!parsed) FAIL(parsed.error().detail);
  CHECK(parsed->warnings.empty());
  CheckConfig want{"checker.example", "/etc/ca.pem", {*parse_cidr("10.0.0.0/8"), *parse_cidr("::1")}};
  CHECK(parsed->config.check == want);
  CHECK(parsed->config.https == HttpsConfig());
  auto again = parse(to_toml(parsed->config));
  if (!again) FAIL(again.error().detail);
  CHECK(again->config == parsed->config);
}

TEST_CASE("[check] ehlo: a full domain name or an address literal (RFC 5321 section 4.1.4)", "[conf]") {
  struct Row {
    const char *text, *want;  // want nullptr: refused
  };
  auto row = GENERATE(values<Row>({
      {"", ""},
      {"Mail.Example.com.", "mail.example.com"},
      {"b\u00fccher.example", "xn--bcher-kva.example"},
      {"[192.0.2.1]", "[192.0.2.1]"},
      {"[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
      {"[ipv6:::1]", "[ipv6:::1]"},
      {"localhost", nullptr},
      {"my_host.example", nullptr},
      {"192.0.2.1", nullptr},
      {"[2001:db8::1]", nullptr},
      {"[IPv6:192.0.2.1]", nullptr},
      {"[192.0.2.1", nullptr},
      {"[", nullptr},
      {"[]", nullptr},
      {"a.example b", nullptr},
      {"a.example\\r\\nMAIL FROM:<>", nullptr},
      {"[192.0.2.1]\\r\\n", nullptr},
  }));
  INFO(row.text);
  auto parsed = parse(fmt::format("[check]\nehlo = \"{}\"\n", row.text));
  REQUIRE(parsed.has_value() == (row.want != nullptr));
  if (parsed) CHECK(parsed->config.check.ehlo == row.want);
}

TEST_CASE("[check]: one mistake, one line: file, line, key, what and remedy", "[conf]") {
  struct Row {
    const char *text, *want;
  };
  auto row = GENERATE(values<Row>({
      {"ehol = \"\"", "ehol: unknown key; did you mean \"ehlo\"?"},
      {"ehlo = \"localhost\"",
       "ehlo: \"localhost\" is not a full domain name; write it as \"checker.example.com\", or an address "
       "as "},
      {"ehlo = 5", "ehlo: is a number; it must be a string in quotes"},
      {"ca_file = \"ca.pem\"", "ca_file: \"ca.pem\" is not an absolute path; "},
      {"allow_addresses = \"10.0.0.0/8\"", "allow_addresses: is a string; it must be an array of strings"},
      {"allow_addresses = [\"10.0.0.0/33\"]", "allow_addresses: \"10.0.0.0/33\" is not an address block; "},
  }));
  INFO(row.text);
  auto parsed = parse(fmt::format("[check]\n{}\n", row.text));
  REQUIRE_FALSE(parsed);
  INFO(parsed.error().detail);
  CHECK(parsed.error().detail.starts_with(fmt::format("f.toml:2: check.{}", row.want)));
  CHECK_FALSE(parsed.error().detail.contains('\n'));
}

TEST_CASE("[check]: mtastsd.toml(5) has every key with its default, in the same order", "[conf]") {
  auto section = test::between(test::file(MANUAL_CONFIG), ".SH [check]", ".SH ");
  CHECK(test::headings(section) == test::heading("ehlo", "\"\"") + test::heading("ca_file", "\"\"") +
                                       test::heading("allow_addresses", "[]"));
}

}  // namespace mtasts
