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

TEST_CASE("SRV RDATA", "[core]") {
  const std::string numbers("\0\x0A\1\2\x02\x4B", 6), name("\2mx\7example\0", 12);
  auto srv = decode_srv(numbers + name);
  REQUIRE(srv);
  CHECK(srv->priority == 10);
  CHECK(srv->weight == 258);
  CHECK(srv->port == 587);
  CHECK(srv->target == "mx.example");
  CHECK(decode_srv(numbers + std::string(1, '\0'))->target.empty());  // RFC 2782: not offered
  struct Row {
    const char* why;
    std::string rdata;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"empty", ""},
      {"a number is cut", numbers.substr(0, 5)},
      {"no target", numbers},
      {"the target is cut", numbers + "\2m"},
      {"the target does not end", numbers + "\2mx"},
      {"a compressed target", numbers + "\xC0\x0C"},
      {"octets behind it", numbers + name + "x"},
  }));
  INFO(row.why);
  CHECK_FALSE(decode_srv(row.rdata));
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
  CHECK(words(RrType::srv) == "SRV");
  CHECK(words(RrType::tlsa) == "TLSA");
  CHECK(words(DnsAnswer::Security::bogus) == "bogus");
  CHECK(words(DnsAnswer::Security::secure) == "secure");
  CHECK(words(DnsAnswer::Kind::no_data) == "no data");
  CHECK(words(DnsAnswer::Kind::nxdomain) == "NXDOMAIN");
  CHECK(words(DnsAnswer::Kind::failed) == "failed");
}
