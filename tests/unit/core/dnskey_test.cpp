#include "core/dnskey.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;
using Tags = std::vector<std::uint16_t>;

namespace {

// The root's key of 2017 (its tag in IANA's root-anchors.xml is 20326).
constexpr const char* ksk_2017 =
    "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlN"
    "Vz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+"
    "sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555"
    "KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";

std::string key(const char* flags) { return std::string(flags) + " 3 8 " + ksk_2017; }

}  // namespace

TEST_CASE("RFC 4034 appendix B: tags from a trust anchor file", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    Tags want;
  };
  auto row = GENERATE(values<Row>({
      {"a key", ". IN DNSKEY " + key("257") + "\n", {20326}},
      {"the same key revoked has another tag", ". IN DNSKEY " + key("385") + "\n", {20454}},
      {"TTL and class in either order",
       ". 172800 IN DNSKEY " + key("257") + " ;{id = 20326 (ksk)}\n. IN 3600 DS 38696 8 2 683D\n",
       {20326, 38696}},
      {"no TTL, no class, lower case", ". ds 1 8 2 00\n", {1}},
      {"each once", ". DS 7 8 2 00\n. DS 7 8 4 00\n", {7}},
      {"an owner left out is the last one's",
       ". DS 7 8 2 00\n  DS 8 8 2 00\nexample. DS 9 8 2 00\n\tDS 10 8 2 00\n",
       {7, 8}},
      {"parentheses join lines, comments go",
       "; DS 5 8 2 00\n. IN DS ( 7 ; the tag\n 8 2\n 00 )\n. DS 8 8 2 00",
       {7, 8}},
      {"other zones", "example. DS 7 8 2 00\n", {}},
      {"other types", ". NS a.\n. TXT DS\n", {}},
      {"too few fields", ". DS 7\n. DNSKEY 257 3 8\n", {}},
      {"no numbers", ". DS x 8 2 00\n. DS 70000 8 2 00\n. DNSKEY 257 3 8 ****\n", {}},
      {"a protocol other than 3", ". DNSKEY 257 4 8 AwEAAaz/\n", {}},
      {"CR LF", ". DS 7 8 2 00\r\n", {7}},
      {"nothing", "", {}},
      {"an open parenthesis at the end", ". DS ( 7 8 2 00", {7}},
  }));
  INFO(row.why);
  CHECK(root_anchor_tags(row.text) == row.want);
}

TEST_CASE("a key in pieces", "[core]") {
  auto tag = key_tag(std::string("\1\1\3\10\3\1\0\1\xac\xff", 10));
  CHECK(root_anchor_tags(". DNSKEY 257 3 8 (AwEAA\n az/ )\n") == Tags{tag});
}

TEST_CASE("RFC 4034 §2.1: flags of a key", "[core]") {
  auto ksk = decode_dnskey(std::string("\1\1\3\10x", 5));
  REQUIRE(ksk);
  CHECK((ksk->zone_key() && ksk->sep() && !ksk->revoked()));
  CHECK(ksk->algorithm == 8);
  auto zsk = decode_dnskey(std::string("\1\0\3\15x", 5));
  REQUIRE(zsk);
  CHECK((zsk->zone_key() && !zsk->sep()));
  auto revoked = decode_dnskey(std::string("\1\x81\3\10x", 5));
  REQUIRE(revoked);
  CHECK((revoked->sep() && revoked->revoked()));
  CHECK(revoked->tag == ksk->tag + 128);
}

TEST_CASE("RDATA that is not a key", "[core]") {
  auto bad = GENERATE(std::string(), std::string("\1\1\3\10", 4), std::string("\1\1\2\10x", 5),
                      std::string(70'000, '\3'));
  CHECK_FALSE(decode_dnskey(bad));
}

TEST_CASE("RFC 4034 appendix B.1: RSA/MD5 takes its tag from the modulus", "[core]") {
  CHECK(key_tag(std::string("\1\1\3\1\x12\x34\x56\x78", 8)) == 0x3456);
  CHECK(key_tag(std::string("\1\1\3\1x", 5)) == 0);
}
