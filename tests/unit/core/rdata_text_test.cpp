#include "core/rdata_text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace mtasts;
using namespace std::string_literals;

TEST_CASE("DNS data in presentation form", "[core]") {
  struct Row {
    const char* why;
    RrType type;
    std::string rdata, want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"an address", RrType::a, "\xC0\0\2\1"s, "192.0.2.1"},
      {"an IPv6 address", RrType::aaaa, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\1", "2001:db8::1"},
      {"an address of the other family", RrType::aaaa, "\xC0\0\2\1"s, "\\# 4 c0000201"},
      {"MX", RrType::mx, "\0\x0a\2mx\7example\0"s, "10 mx.example."},
      {"null MX (RFC 7505)", RrType::mx, "\0\0\0"s, "0 ."},
      {"MX with octets behind it", RrType::mx, "\0\x0a\2mx\0x"s, "\\# 7 000a026d780078"},
      {"SRV", RrType::srv, "\0\1\0\2\2\x4b\2mx\7example\0"s, "1 2 587 mx.example."},
      {"SRV, not offered (RFC 2782)", RrType::srv, "\0\0\0\0\0\0\0"s, "0 0 0 ."},
      {"SRV that is cut", RrType::srv, "\0\0\0\0\0\0"s, "\\# 6 000000000000"},
      {"a name with odd octets", RrType::cname, "\3a\x1b.\0"s, "a\\027\\046."},
      {"TXT", RrType::txt, "\4v=ST\3Sv1"s, "\"v=ST\" \"Sv1\""},
      {"an empty string", RrType::txt, "\0"s, "\"\""},
      {"TXT with odd octets", RrType::txt, "\4a\"\\\xff"s, "\"a\\\"\\\\\\255\""},
      {"TXT that is cut", RrType::txt, "\5abc"s, "\\# 4 05616263"},
      {"TLSA", RrType::tlsa, "\3\1\1\xab\xcd"s, "3 1 1 abcd"},
      {"TLSA that is cut", RrType::tlsa, "\3\1\1"s, "\\# 3 030101"},
      {"DS", RrType::ds, "\x16\x0c\x0d\2\xab"s, "5644 13 2 ab"},
      {"DS that is cut", RrType::ds, "\x16\x0c\x0d\2"s, "\\# 4 160c0d02"},
      {"a type without a form here", RrType::dnskey, "\1\2"s, "\\# 2 0102"},
      {"nothing", RrType::mx, "", "\\# 0"},
  }));
  INFO(row.why);
  CHECK(rdata_text(row.type, row.rdata) == row.want);
}
