#include "idn/to_a_labels.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/domain_name.hpp"
#include "core/next_hop.hpp"

using namespace mtasts;

TEST_CASE("KEY-6: U-labels to A-labels (UTS 46, non-transitional)", "[idn]") {
  struct Row {
    const char* why;
    std::string name;
    std::optional<std::string> want;
  };
  auto row = GENERATE(values<Row>({
      {"ASCII as it is", "example.com", "example.com"},
      {"ASCII folded", "Example.COM", "example.com"},
      {"umlaut", "m\xC3\xBCnchen.example", "xn--mnchen-3ya.example"},
      {"umlaut, upper case", "M\xC3\x9CNCHEN.example", "xn--mnchen-3ya.example"},
      {"umlaut, decomposed", "mu\xCC\x88nchen.example", "xn--mnchen-3ya.example"},
      {"sharp s is kept (non-transitional)", "fa\xC3\x9F.example", "xn--fa-hia.example"},
      {"final sigma is kept", "\xCE\xB2\xCF\x8C\xCE\xBB\xCE\xBF\xCF\x82.example", "xn--nxasmm1c.example"},
      {"ideographic full stop is a dot",
       "a\xE3\x80\x82"
       "b\xC3\xBC.example",
       "a.xn--b-eha.example"},
      {"underscore beside an umlaut", "m\xC3\xBC_x.example", "xn--m_x-hoa.example"},
      {"full-width letters", "\xEF\xBD\x81\xEF\xBD\x82.example", "ab.example"},
      {"emoji or not: no control",
       "a\xE2\x80\xAE"
       "b.example",
       std::nullopt},
      {"label too long", std::string(70, '\xC3').append("x") + ".example", std::nullopt},
      {"no UTF-8", "m\xFCnchen.example", std::nullopt},
      {"NUL", std::string("a\0b\xC3\xBC", 5), std::nullopt},
      {"far too long", std::string(2000, 'a'), std::nullopt},
      {"bad A-label", "xn--a.example", std::nullopt},
  }));
  INFO(row.why);
  std::optional<std::string> name = to_a_labels(row.name);
  CHECK(name == row.want);
  if (name) CHECK(DomainName::parse(*name));
}

TEST_CASE("only octets above 0x7F need conversion", "[idn]") {
  CHECK(has_u_labels("m\xC3\xBCnchen.example"));
  CHECK(has_u_labels("\xFF"));
  CHECK_FALSE(has_u_labels("xn--mnchen-3ya.example"));
  CHECK_FALSE(has_u_labels(""));
}

TEST_CASE("KEY-6: whatever IDNA makes of a name, core judges it again", "[idn]") {
  // The full-width full stop and digits become an address: DomainName refuses it, and parse_next_hop()
  // reports it as one.
  std::optional<std::string> name = to_a_labels("\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1");
  REQUIRE(name);
  CHECK(*name == "127.0.0.1");
  CHECK(std::get<NotAHost>(parse_next_hop(*name)) == NotAHost::address);
  // The caller keeps brackets and port. A blank in a U-label does not become part of a host name.
  std::optional<std::string> odd = to_a_labels("a m\xC3\xBC.example");
  CHECK((!odd || !DomainName::parse(*odd)));
}
