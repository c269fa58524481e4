#include "core/dns_answer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace mtasts;

TEST_CASE("STS-1: TXT RDATA is its strings, joined without separator", "[core]") {
  struct Row {
    const char* why;
    std::string rdata;
    std::optional<std::string> want;
  };
  auto row = GENERATE(values<Row>({
      {"one string", "\nv=STSv1;id", "v=STSv1;id"},
      {"two strings", "\x03v=S\x03TSv", "v=STSv"},
      {"empty strings between", std::string("\0\1a\0\1b", 6), "ab"},
      {"one empty string", std::string(1, '\0'), ""},
      {"no string", "", std::nullopt},
      {"length beyond the end",
       "\x05"
       "abcd",
       std::nullopt},
      {"second length beyond the end",
       "\x01"
       "a\x01",
       std::nullopt},
      {"255 octets", "\xFF" + std::string(255, 'x'), std::string(255, 'x')},
      {"255 said, 254 there", "\xFF" + std::string(254, 'x'), std::nullopt},
  }));
  INFO(row.why);
  CHECK(decode_txt(row.rdata) == row.want);
}

TEST_CASE("address RDATA", "[core]") {
  CHECK(to_string(decode_address("\xC0" + std::string("\0\2\1", 3)).value()) == "192.0.2.1");
  CHECK(to_string(decode_address("\x20\x01\x0D\xB8" + std::string(11, '\0') + "\1").value()) ==
        "2001:db8::1");
  for (std::size_t size : {0u, 3u, 5u, 15u, 17u, 1000u}) CHECK_FALSE(decode_address(std::string(size, '\1')));
}

TEST_CASE("words for DNS answers", "[core]") {
  CHECK(words(RrType::a) == "A");
  CHECK(words(RrType::txt) == "TXT");
  CHECK(words(RrType::tlsa) == "TLSA");
  CHECK(words(DnsAnswer::Security::bogus) == "bogus");
  CHECK(words(DnsAnswer::Security::secure) == "secure");
  CHECK(words(DnsAnswer::Kind::no_data) == "no data");
  CHECK(words(DnsAnswer::Kind::nxdomain) == "NXDOMAIN");
  CHECK(words(DnsAnswer::Kind::failed) == "failed");
}
