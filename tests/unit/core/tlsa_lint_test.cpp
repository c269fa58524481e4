#include "core/tlsa_lint.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/text.hpp"
#include "core/tlsa.hpp"

using namespace mtasts;

namespace {

std::string zeros(std::size_t octets) { return std::string(octets * 2, '0'); }

// A P-256 public key (RFC 5480) and the outline of a certificate.
const std::string spki = "3059301306072a8648ce3d020106082a8648ce3d03010703420004" + zeros(64);
const std::string certificate = "30163007" + zeros(7) + "300506032a0304" + "030400112233";

std::string codes(const TlsaLint& lint) {
  std::string text;
  for (const Finding& each : lint.findings) text += (text.empty() ? "" : " ") + std::string(each.code);
  return text;
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_printable(c); });
}

}  // namespace

TEST_CASE("lint tlsa: what is found", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    bool usable;
    const char* codes;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"DANE-17: the usual record", "3 1 1 " + zeros(32), true, ""},
      {"blanks and capitals", "  3\t1 1  " + zeros(31) + " Ab ", true, ""},
      {"DANE-21: the stronger digest", "3 1 2 " + zeros(64), true, "sha512"},
      {"DANE-17: the whole certificate's digest", "3 0 1 " + zeros(32), true, "whole-certificate"},
      {"DANE-19: a trust anchor by digest", "2 1 1 " + zeros(32), true, "ta-in-chain"},
      {"DANE-16: full data", "2 0 0 " + certificate, true, "full-data"},
      {"DANE-16: a full key", "3 1 0 " + spki, true, "full-data"},
      {"DANE-17: PKIX-TA", "0 1 1 " + zeros(32), false, "usage-pkix"},
      {"DANE-17: PKIX-EE", "1 0 1 " + zeros(32), false, "usage-pkix"},
      {"DANE-16: usage", "4 1 1 " + zeros(32), false, "usage-unknown"},
      {"DANE-16: private usage", "255 1 1 " + zeros(32), false, "usage-unknown"},
      {"DANE-16: selector", "3 2 1 " + zeros(32), false, "selector-unknown"},
      {"DANE-16: selector of full data", "3 2 0 " + zeros(32), false, "selector-unknown"},
      {"DANE-16: matching type", "3 1 3 " + zeros(32), false, "matching-unknown"},
      {"DANE-16: a SHA2-256 of 31 octets", "3 1 1 " + zeros(31), false, "digest-length"},
      {"DANE-16: a SHA2-512 of 32 octets", "3 1 2 " + zeros(32), false, "digest-length"},
      {"DANE-16: a digest as full data", "3 1 0 " + zeros(32), false, "data-not-der"},
      {"DANE-16: a key as a certificate", "3 0 0 " + spki, false, "data-not-der"},
      {"all at once", "1 9 1 00", false, "usage-pkix selector-unknown digest-length"},
      {"nothing", "", false, "syntax"},
      {"no data", "3 1 1", false, "syntax"},
      {"no data but a blank", "3 1 1 ", false, "syntax"},
      {"a mnemonic", "DANE-EE 1 1 00", false, "syntax"},
      {"beyond an octet", "3 256 1 00", false, "syntax"},
      {"a sign", "+3 1 1 00", false, "syntax"},
      {"half an octet", "3 1 1 000", false, "syntax"},
      {"no hexadecimal digit", "3 1 1 0g", false, "syntax"},
      {"a control", "3 1 1 00\x1b[31m", false, "syntax"},
      {"a line end", "3 1 1\n" + zeros(32), false, "syntax"},
  }));
  INFO(row.why);
  TlsaLint lint = lint_tlsa(row.text);
  CHECK(lint.usable == row.usable);
  CHECK(codes(lint) == row.codes);
  for (const Finding& each : lint.findings) {
    CHECK((each.severity == Severity::error) == !row.usable);
    CHECK(is_plain(each.message));
  }
}

TEST_CASE("lint tlsa: usable is what the daemon takes, an error is what it does not", "[core]") {
  for (unsigned usage = 0; usage < 6; ++usage)
    for (unsigned selector = 0; selector < 4; ++selector)
      for (unsigned matching = 0; matching < 5; ++matching)
        for (const std::string& data : {zeros(32), zeros(64), spki, certificate, std::string("00")}) {
          auto text = std::to_string(usage) + " " + std::to_string(selector) + " " +
                      std::to_string(matching) + " " + data;
          TlsaLint lint = lint_tlsa(text);
          INFO(text);
          CHECK(lint.usable == why_unusable(*decode_tlsa(*tlsa_rdata(text))).empty());
          CHECK(lint.usable == std::ranges::none_of(lint.findings, [](const Finding& each) {
                  return each.severity == Severity::error;
                }));
        }
}

TEST_CASE("why a record is unusable is said in printable ASCII", "[core]") {
  for (unsigned octet = 0; octet < 256; ++octet)
    CHECK(is_plain(why_unusable({octet % 7, octet % 3, octet % 5, std::string_view("x")})));
}
