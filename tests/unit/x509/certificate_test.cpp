#include "x509/certificate.hpp"

#include <openssl/x509v3.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/x509/made.hpp"

using namespace mtasts;
using test::Made;
using test::now;
using test::Wanted;
using namespace std::string_literals;

namespace {

CertificateFacts facts_of(const Made& made) { return read_certificate(made.der()).value(); }

// How OpenSSL matches in a handshake of net/https (net/https/tls.hpp).
bool openssl_matches(const Made& made, const std::string& host) {
  return X509_check_host(made.get(), host.data(), host.size(),
                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                         nullptr) == 1;
}

}  // namespace

TEST_CASE("what a certificate says", "[x509]") {
  Made authority = test::new_authority("Good CA");
  Made made({.names = "DNS:MX.Good.Example,DNS:*.good.example,IP:192.0.2.1"}, &authority);
  CertificateFacts facts = facts_of(made);
  CHECK(facts.subject == "CN=mx.good.example");
  CHECK(facts.issuer == "CN=Good CA");
  CHECK(facts.common_name == "mx.good.example");
  CHECK(facts.dns_names == std::vector<std::string>{"mx.good.example", "*.good.example"});
  CHECK(facts.has_other_names);
  CHECK(facts.not_before == now - std::chrono::days(10));
  CHECK(facts.not_after == now + std::chrono::days(80));
  CHECK(facts.key == "EC P-256");
  CHECK(facts.signature == "ecdsa-with-SHA256");
  CHECK_FALSE(facts.weak_key);
  CHECK_FALSE(facts.weak_signature);
  CHECK_FALSE(facts.self_signed);
  CHECK(facts == facts_of(made));
}

TEST_CASE("a certificate without names or subject", "[x509]") {
  CertificateFacts facts = facts_of(Made({.common_name = "", .names = ""}));
  CHECK(facts.subject.empty());
  CHECK(facts.common_name.empty());
  CHECK(facts.dns_names.empty());
  CHECK_FALSE(facts.has_other_names);
}

TEST_CASE("dates far off are read as they are", "[x509]") {
  Time early = std::chrono::sys_days{std::chrono::year(1951) / 1 / 1};
  Time late = std::chrono::sys_days{std::chrono::year(9999) / 12 / 31} + std::chrono::hours(23);
  CertificateFacts facts = facts_of(Made({.begins = early, .ends = late}));
  CHECK(facts.not_before == early);
  CHECK(facts.not_after == late);
}

TEST_CASE("keys and signatures", "[x509]") {
  struct Row {
    const char* why;
    const char* wanted;
    const char* digest;
    const char* key;
    const char* signature;
    bool weak_key, weak_signature;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"the usual one", "RSA 2048", "SHA256", "RSA 2048", "sha256WithRSAEncryption", false, false},
      {"519: a short RSA key", "RSA 1024", "SHA256", "RSA 1024", "sha256WithRSAEncryption", true, false},
      {"519: SHA-1", "RSA 2048", "SHA1", "RSA 2048", "sha1WithRSAEncryption", false, true},
      {"519: MD5", "RSA 2048", "MD5", "RSA 2048", "md5WithRSAEncryption", false, true},
      {"SHA-512", "P-384", "SHA512", "EC P-384", "ecdsa-with-SHA512", false, false},
      {"519: SHA-1 with EC", "P-256", "SHA1", "EC P-256", "ecdsa-with-SHA1", false, true},
      {"519: a short curve", "P-192", "SHA256", "EC P-192", "ecdsa-with-SHA256", true, false},
      {"a curve without a name of NIST", "brainpoolP256r1", "SHA256", "EC brainpoolP256r1",
       "ecdsa-with-SHA256", false, false},
      {"an Edwards curve", "Ed25519", "", "Ed25519", "ED25519", false, false},
  }));
  INFO(row.why);
  Made authority({.common_name = "CA", .key = row.wanted, .authority = true});
  CertificateFacts facts = facts_of(Made({.key = row.wanted, .digest = row.digest}, &authority));
  CHECK(facts.key == row.key);
  CHECK(facts.signature == row.signature);
  CHECK(facts.weak_key == row.weak_key);
  CHECK(facts.weak_signature == row.weak_signature);
}

TEST_CASE("a self-signed certificate's signature is never weak", "[x509]") {
  CertificateFacts facts = facts_of(Made({.key = "RSA 2048", .digest = "SHA1"}));
  CHECK(facts.self_signed);
  CHECK_FALSE(facts.weak_signature);
}

TEST_CASE("which names match a host", "[x509]") {
  struct Row {
    const char* why;
    std::string name;
    const char* host;
    bool matches;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"equal", "mx.good.example", "mx.good.example", true},
      {"upper case in the certificate", "MX.GOOD.example", "mx.good.example", true},
      {"an A-label", "xn--mx-fka.good.example", "xn--mx-fka.good.example", true},
      {"510: another name", "mail.good.example", "mx.good.example", false},
      {"511: the mail domain", "good.example", "mx.good.example", false},
      {"510: a name below", "a.mx.good.example", "mx.good.example", false},
      {"a final dot", "mx.good.example.", "mx.good.example", false},
      {"a wildcard", "*.good.example", "mx.good.example", true},
      {"a wildcard in upper case", "*.GOOD.example", "mx.good.example", true},
      {"a wildcard for an A-label", "*.good.example", "xn--mx-fka.good.example", true},
      {"516: a wildcard is one label", "*.example.net", "a.b.example.net", false},
      {"516: a wildcard is a label", "*.good.example", "good.example", false},
      {"516: part of a label", "m*.good.example", "mx.good.example", false},
      {"516: the end of a label", "*x.good.example", "mx.good.example", false},
      {"516: in the middle", "mx.*.example", "mx.good.example", false},
      {"516: twice", "*.*.example", "mx.good.example", false},
      {"516: alone", "*", "mx.good.example", false},
      {"OpenSSL wants two labels behind the star", "*.example", "good.example", false},
      {"a wildcard with a final dot", "*.good.example.", "mx.good.example", false},
      {"an underscore under a wildcard", "*.good.example", "m_x.good.example", false},
      {"an underscore behind a wildcard", "*.go_od.example", "mx.go_od.example", false},
      {"an underscore", "m_x.good.example", "m_x.good.example", true},
      {"a name that begins with a dot", ".good.example", "mx.good.example", false},
      {"517: an address as a DNS name", "192.0.2.1", "mx.good.example", false},
      {"a NUL", "mx.good.example\0.evil.example"s, "mx.good.example", false},
      {"a NUL at the end", "mx.good.example\0"s, "mx.good.example", false},
      {"a NUL in a wildcard", "*\0.good.example"s, "mx.good.example", false},
      {"empty", "", "mx.good.example", false},
  }));
  INFO(row.why);
  Made made({.octets = {row.name}});
  CHECK(names_host(facts_of(made), row.host) == row.matches);
  CHECK(openssl_matches(made, row.host) == row.matches);
}

TEST_CASE("what is not a DNS name of the certificate never matches", "[x509]") {
  CHECK_FALSE(names_host(facts_of(Made({.names = ""})), "mx.good.example"));  // 515: the common name alone
  CHECK_FALSE(names_host(facts_of(Made({.names = "IP:192.0.2.1"})), "mx.good.example"));
  CHECK_FALSE(names_host(facts_of(Made({.names = "email:mx.good.example@good.example"})), "mx.good.example"));
  CertificateFacts facts = facts_of(Made({.octets = {"mx\0.example"s, "192.0.2.1", ""}}));
  CHECK(facts.dns_names == std::vector<std::string>{"mx\\x00.example", "192.0.2.1", ""});
  for (const char* host : {"mx\\x00.example", "192.0.2.1", "", "*"}) CHECK_FALSE(names_host(facts, host));
}

TEST_CASE("a host with a final dot or in upper case is the same host", "[x509]") {
  CertificateFacts facts = facts_of(Made({}));
  CHECK(names_host(facts, "mx.good.example."));
  CHECK(names_host(facts, "MX.good.example"));
}

TEST_CASE("the record that a certificate would match", "[x509]") {
  Made made({});
  CHECK(tlsa_rdata(tlsa_311_of(made.der())) == test::tlsa_of(3, 1, 1, made));
  CHECK(tlsa_311_of("").empty());
  CHECK(tlsa_311_of(made.der() + '\0').empty());
}

TEST_CASE("text of a certificate is printable and has a bound", "[x509]") {
  std::string escape = "evil\x1B[31m\n\xC3\xA9";
  CertificateFacts facts =
      facts_of(Made({.common_name = escape, .octets = {"a\x1B[31m"s, std::string(5000, 'x')}}));
  CHECK(facts.common_name == "evil\\x1b[31m\\x0a\\xc3\\xa9");
  CHECK(facts.subject.find('\x1B') == std::string::npos);
  CHECK(facts.subject.starts_with("CN=evil\\1B[31m\\0A"));
  CHECK(facts.dns_names.at(0) == "a\\x1b[31m");
  CHECK(facts.dns_names.at(1) == std::string(297, 'x') + "...");
}
