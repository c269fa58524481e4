#include "core/domain_name.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <optional>
#include <string>
#include <type_traits>

using namespace mtasts;

namespace {

const std::string label63(63, 'a');
const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');

}  // namespace

TEST_CASE("host names", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    std::optional<std::string> want;  // nullopt: refused
  };
  auto row = GENERATE(values<Row>({
      {"plain", "example.com", "example.com"},
      {"KEY-5: case is folded", "Foo.Example.COM", "foo.example.com"},
      {"KEY-5: one final dot is dropped", "example.com.", "example.com"},
      {"two final dots", "example.com..", std::nullopt},
      {"a dot alone", ".", std::nullopt},
      {"empty", "", std::nullopt},
      {"leading dot", ".example.com", std::nullopt},
      {"empty label", "a..b", std::nullopt},
      {"single label", "localhost", "localhost"},
      {"A-label", "xn--mx-xka.example", "xn--mx-xka.example"},
      {"hyphens in the third and fourth place", "r3---sn.example", "r3---sn.example"},
      {"hyphen first", "-a.example", std::nullopt},
      {"hyphen last", "a-.example", std::nullopt},
      {"hyphen last in the last label", "a.example-", std::nullopt},
      {"underscore first, as Postfix has it", "_mta-sts.example", "_mta-sts.example"},
      {"underscore within", "Under_Score.example", "under_score.example"},
      {"underscore last", "a_.b_", "a_.b_"},
      {"underscore and hyphen first", "-_.example", std::nullopt},
      {"U-label", "m\xC3\xBC.example", std::nullopt},
      {"blank", "a b.example", std::nullopt},
      {"NUL", std::string("a\0b.example", 11), std::nullopt},
      {"NUL at the end", std::string("example.com\0", 12), std::nullopt},
      {"asterisk", "*.example", std::nullopt},
      {"slash", "a/b", std::nullopt},
      {"colon", "a:25", std::nullopt},
      {"IPv4 address", "192.0.2.1", std::nullopt},
      {"last label all digits", "mx.123", std::nullopt},
      {"digits alone: an address to inet_aton()", "2130706433", std::nullopt},
      {"hexadecimal last label: an address to inet_aton()", "127.0.0.0x1", std::nullopt},
      {"hexadecimal last label, upper case", "0X7F000001", std::nullopt},
      {"0x alone reads as zero in URLs", "a.0x", std::nullopt},
      {"0x and no hexadecimal", "0xyz", "0xyz"},
      {"hexadecimal elsewhere", "0x1.example", "0x1.example"},
      {"digits first", "1and1.example", "1and1.example"},
      {"digits with a hyphen last", "a.1-2", "a.1-2"},
      {"label of 63", label63 + ".example", label63 + ".example"},
      {"label of 64", label63 + "a.example", std::nullopt},
      {"253 octets", name253, name253},
      {"253 octets and the final dot", name253 + ".", name253},
      {"254 octets", name253 + "b", std::nullopt},
      {"far too long", std::string(100'000, 'a'), std::nullopt},
  }));
  INFO(row.why);
  std::optional<DomainName> name = DomainName::parse(row.text);
  REQUIRE(name.has_value() == row.want.has_value());
  if (name) CHECK(name->str() == *row.want);
  if (name) CHECK(DomainName::parse(name->str()) == name);

  const bool unchanged = name && name->str() == row.text;
  CHECK((DomainName::span(row.text) == row.text.size() && !row.text.empty()) == unchanged);
  CHECK(DomainName::span(row.text + "\nb") == DomainName::span(row.text));
}

TEST_CASE("how much of a text is a name", "[core]") {
  struct Row {
    const char* text;
    std::size_t want;
  };
  auto row = GENERATE(values<Row>({
      {"a.b c", 3},
      {"a.b\nc.d", 3},
      {"a.b:25", 3},
      {"a.bC", 3},
      {"a.b.\n", 0},
      {"a..b", 0},
      {"\na.b", 0},
      {"a.b-\n", 0},
      {"192.0.2.1 a", 0},
  }));
  INFO(row.text);
  CHECK(DomainName::span(row.text) == row.want);
}

TEST_CASE("names that end in a number", "[core]") {
  struct Row {
    const char* text;
    bool want;
  };
  auto row = GENERATE(values<Row>({
      {"192.0.2.1", true},
      {"mx.123", true},
      {"127.0.0.0X1", true},
      {"mx.example", false},
      {"1.example", false},
      {"2001:db8::1", false},
      {"192.0.2..1", false},
      {"", false},
  }));
  INFO(row.text);
  CHECK(DomainName::is_numeric(row.text) == row.want);
}

TEST_CASE("host names compare by their text alone", "[core]") {
  DomainName a = *DomainName::parse("a.example");
  DomainName reused = *DomainName::parse(name253);
  CHECK(a != reused);
  reused = *DomainName::parse("A.example.");  // octets of the long name may still lie behind the short one
  CHECK(a == reused);
  CHECK(std::hash<DomainName>{}(a) == std::hash<DomainName>{}(reused));
  CHECK(a < *DomainName::parse("b.example"));
  CHECK(a < *DomainName::parse("a.example2"));
  STATIC_CHECK(std::is_trivially_copyable_v<DomainName>);
  STATIC_CHECK(noexcept(DomainName::parse("a")));
}

TEST_CASE("parents of host names", "[core]") {
  DomainName name = *DomainName::parse("mx.a.example");
  REQUIRE(name.parent());
  CHECK(name.parent()->str() == "a.example");
  CHECK(name.parent()->parent()->str() == "example");
  CHECK_FALSE(name.parent()->parent()->parent());
}
