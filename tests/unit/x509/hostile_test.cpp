#include <openssl/err.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "tests/unit/x509/made.hpp"
#include "x509/certificate.hpp"

using namespace mtasts;
using test::Made;
using test::now;

namespace {

const std::vector<std::string> host{"mx.good.example"};

std::vector<std::string> many_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("host" + std::to_string(i) + ".good.example");
  return names;
}

}  // namespace

TEST_CASE("a thousand names are read, and no more", "[x509]") {
  auto names = many_names(1000);
  CertificateFacts facts = read_certificate(Made({.octets = names}).der()).value();
  CHECK(facts.dns_names == names);
  CHECK(names_host(facts, "host999.good.example"));
  names.push_back("another.good.example");
  CHECK(read_certificate(Made({.octets = names}).der())->dns_names.size() == 1000);
}

TEST_CASE("a certificate of 100 kB is read and judged", "[x509]") {
  Made made({.octets = many_names(3600)});
  std::string der = made.der();
  REQUIRE(der.size() > 80'000);
  CHECK(read_certificate(der)->dns_names.size() == 1000);
  CHECK(verify_dane(std::vector{der}, std::vector{test::tlsa_of(3, 1, 1, made)}, host, now).state ==
        DaneVerdict::State::match);
}

TEST_CASE("a certificate of more than 256 KiB is not read", "[x509]") {
  std::string der = Made({.octets = std::vector<std::string>(1, std::string(260 * 1024, 'x'))}).der();
  CHECK_FALSE(read_certificate(der));
}

TEST_CASE("what is cut, lengthened or changed anywhere does no harm", "[x509]") {
  Made made({});
  const std::string der = made.der();
  const std::vector<std::string> records{test::tlsa_of(3, 1, 1, made), test::tlsa_of(2, 0, 1, made)};
  for (std::size_t size = 0; size < der.size(); ++size) {
    INFO("the first " << size << " octets");
    CHECK_FALSE(read_certificate(der.substr(0, size)));
  }
  CHECK_FALSE(read_certificate(der + '\0'));
  CHECK_FALSE(read_certificate(der + der));
  std::size_t readable = 0;
  for (std::size_t at = 0; at < der.size(); ++at) {
    for (unsigned flip : {0x01u, 0x80u, 0xFFu}) {
      std::string changed = der;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      if (read_certificate(changed)) ++readable;
      static_cast<void>(verify_dane(std::vector{changed}, records, host, now));
    }
  }
  CHECK(readable > der.size());  // most changes leave a certificate
}

TEST_CASE("a chain of many certificates is judged in bounded time", "[x509]") {
  Made root = test::new_authority("root");
  std::vector<Made> authorities{root};
  for (int i = 0; i < 150; ++i)
    authorities.push_back(test::new_authority("CA " + std::to_string(i), &authorities.back()));
  Made leaf({}, &authorities.back());
  std::vector<std::string> chain{leaf.der()};
  for (std::size_t i = authorities.size(); i-- > 0;) chain.push_back(authorities[i].der());
  auto judged = [&](const Made& anchor) {
    return verify_dane(chain, std::vector{test::tlsa_of(2, 1, 1, anchor)}, host, now).state;
  };
  CHECK(judged(authorities[140]) == DaneVerdict::State::match);
  CHECK(judged(root) == DaneVerdict::State::no_match);  // deeper than OpenSSL goes
}

TEST_CASE("errors of bad certificates do not stay in OpenSSL's queue", "[x509]") {
  ERR_clear_error();
  Made made({});
  static_cast<void>(read_certificate("junk"));
  static_cast<void>(tlsa_311_of("junk"));
  static_cast<void>(
      verify_dane(std::vector<std::string>{"junk"}, std::vector{test::tlsa_of(3, 1, 1, made)}, host, now));
  static_cast<void>(verify_dane(std::vector{made.der()},
                                std::vector<std::string>{std::string("\3\0\0\x30\0", 5)}, host, now));
  CHECK(ERR_peek_error() == 0);
}
