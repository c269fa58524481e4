#include "core/tlsa.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace mtasts;

namespace {

std::string zeros(std::size_t octets) { return std::string(octets * 2, '0'); }

// A P-256 public key (RFC 5480) and the outline of a certificate.
const std::string spki = "3059301306072a8648ce3d020106082a8648ce3d03010703420004" + zeros(64);
const std::string certificate = "30163007" + zeros(7) + "300506032a0304" + "030400112233";

std::string hex_of(std::string_view text) {
  auto rdata = tlsa_rdata("3 0 0 " + std::string(text));
  return rdata ? rdata->substr(3) : std::string();
}

}  // namespace

TEST_CASE("which TLSA records an SMTP client can use", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    bool usable;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"DANE-17: DANE-EE, SPKI, SHA2-256", "3 1 1 " + zeros(32), true},
      {"DANE-17: DANE-EE, Cert, SHA2-512", "3 0 2 " + zeros(64), true},
      {"DANE-17: DANE-TA", "2 0 1 " + zeros(32), true},
      {"DANE-17: DANE-TA, SPKI", "2 1 2 " + zeros(64), true},
      {"DANE-16: a full public key", "3 1 0 " + spki, true},
      {"DANE-16: the full key of an authority", "2 1 0 " + spki, true},
      {"DANE-16: a full certificate", "2 0 0 " + certificate, true},
      {"DANE-16: a key where a certificate is due", "3 0 0 " + spki, false},
      {"DANE-16: a certificate where a key is due", "3 1 0 " + certificate, false},
      {"DANE-16: a key that is cut", "3 1 0 " + spki.substr(0, spki.size() - 2), false},
      {"DANE-16: a key with an octet too many", "3 1 0 " + spki + "00", false},
      {"DANE-17, PFX-33: PKIX-TA", "0 0 1 " + zeros(32), false},
      {"DANE-17, PFX-33: PKIX-EE", "1 1 1 " + zeros(32), false},
      {"DANE-16: usage 4", "4 1 1 " + zeros(32), false},
      {"PFX-33: usage 255", "255 1 1 " + zeros(32), false},
      {"DANE-16: selector 2", "3 2 1 " + zeros(32), false},
      {"DANE-16: matching type 3", "3 1 3 " + zeros(32), false},
      {"PFX-33: matching type 255", "3 1 255 " + zeros(32), false},
      {"DANE-16: 31 octets of SHA2-256", "3 1 1 " + zeros(31), false},
      {"DANE-16: 64 octets of SHA2-256", "3 1 1 " + zeros(64), false},
      {"DANE-16: 32 octets of SHA2-512", "3 1 2 " + zeros(32), false},
      {"DANE-21: one octet", "3 1 1 00", false},
  }));
  INFO(row.why);
  auto rdata = tlsa_rdata(row.text);
  REQUIRE(rdata);
  auto tlsa = decode_tlsa(*rdata);
  REQUIRE(tlsa);
  CHECK(why_unusable(*tlsa).empty() == row.usable);
  CHECK(tlsa_text(*tlsa) == row.text);
}

TEST_CASE("TLSA RDATA that is too short is refused", "[core]") {
  for (std::size_t size : {0uz, 1uz, 3uz}) CHECK_FALSE(decode_tlsa(std::string(size, '\1')));
  CHECK(decode_tlsa(std::string(4, '\1')));
}

TEST_CASE("TLSA presentation form", "[core]") {
  CHECK(tlsa_rdata("3 1 1 AB cd\t01") == std::string("\3\1\1\xAB\xCD\1", 6));
  for (const char* bad : {"", "3 1 1", "3 1 1 ", "3 1 1 abc", "3 1 1 xy", "256 1 1 ab", "-3 1 1 ab",
                          "3,1,1 ab", "3 1 1ab", "3 1 ab"})
    CHECK_FALSE(tlsa_rdata(bad));
}

TEST_CASE("DER lengths are definite, shortest, and end where the data does", "[core]") {
  CHECK(is_der_public_key(hex_of(spki)));
  CHECK_FALSE(is_der_public_key(hex_of("308159" + spki.substr(4))));  // a long form for a short length
  CHECK_FALSE(is_der_public_key(hex_of("3080" + spki.substr(4))));    // indefinite
  CHECK_FALSE(is_der_public_key(hex_of("3084ffffffff" + spki.substr(4))));
  CHECK_FALSE(is_der_public_key(hex_of("30")));
  CHECK_FALSE(is_der_certificate(hex_of("3000")));
  std::string long_key = spki;  // 300 octets of key: two octets of length
  long_key = "3082014230130607" + spki.substr(12, 34) + "0382012900" + zeros(296);
  CHECK(is_der_public_key(hex_of(long_key)));
}

TEST_CASE("DANE-15: the name of TLSA records", "[core]") {
  CHECK(tlsa_name(25, "mx.example.com") == "_25._tcp.mx.example.com");
  CHECK(tlsa_name(587, "mx.example.com") == "_587._tcp.mx.example.com");
  std::string longest = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c') + '.';
  CHECK(tlsa_name(25, longest + std::string(52, 'd')).size() == 253);
  CHECK(tlsa_name(25, longest + std::string(53, 'd')).empty());
}
