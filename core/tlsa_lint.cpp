#include "core/tlsa_lint.hpp"

#include <array>

#include "core/text.hpp"
#include "core/tlsa.hpp"

namespace mtasts {
namespace {

constexpr std::array<std::string_view, 3> field_names{"usage", "selector", "matching type"};

void error(Findings& findings, std::string_view code, std::string message) {
  findings.push_back({code, Severity::error, std::move(message)});
}

void info(Findings& findings, std::string_view code, std::string message) {
  findings.push_back({code, Severity::info, std::move(message)});
}

std::string_view take_word(std::string_view& text) noexcept {
  text = trim_front(text);
  std::size_t end = 0;
  while (end < text.size() && !is_blank(text[end])) ++end;
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

bool is_octet(std::string_view word) noexcept {
  unsigned value = 0;
  for (char c : word) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 255) return false;
  }
  return !word.empty();
}

// What is wrong with the text of a record. REQUIRES: tlsa_rdata() does not accept it.
std::string syntax_words(std::string_view text) {
  for (std::string_view name : field_names) {
    std::string_view word = take_word(text);
    if (word.empty()) return "the " + std::string(name) + " is missing; write it as \"3 1 1 2bb1...\"";
    if (!is_octet(word))
      return "the " + std::string(name) + " \"" + printable(word, 40) + "\" is not a number from 0 to 255";
  }
  std::size_t digits = 0;
  for (char c : text) {
    if (is_blank(c)) continue;
    if (!is_hex_digit(c))
      return "the data has \"" + printable({&c, 1}) + "\", which is not a hexadecimal digit";
    ++digits;
  }
  if (digits == 0) return "the data is missing";
  return "the data has an odd number of hexadecimal digits: " + std::to_string(digits);
}

void judge_usage(const Tlsa& tlsa, Findings& findings) {
  if (tlsa.usage > 3) {
    error(findings, "usage-unknown",
          "usage " + std::to_string(tlsa.usage) + " is not known; use DANE-EE(3) or DANE-TA(2)");
  } else if (tlsa.usage < 2) {
    error(
        findings, "usage-pkix",
        "usage " + std::string(tlsa.usage == 0 ? "PKIX-TA(0)" : "PKIX-EE(1)") +
            " is not for SMTP: clients may treat it as unusable (RFC 7672 section 3.1.3); use DANE-EE(3) or "
            "DANE-TA(2)");
  }
}

void judge_full_data(const Tlsa& tlsa, Findings& findings) {
  if (tlsa.selector > 1) return;  // nobody knows what the data should be
  bool certificate = tlsa.selector == 0;
  bool der = certificate ? is_der_certificate(tlsa.data) : is_der_public_key(tlsa.data);
  if (der) {
    info(findings, "full-data",
         "Full(0) puts all " + std::to_string(tlsa.data.size()) +
             " octets into each DNS answer; a SHA2-256(1) digest has 32");
  } else {
    error(findings, "data-not-der",
          "with matching type Full(0) the data must be a DER " +
              std::string(certificate ? "certificate" : "public key (SubjectPublicKeyInfo)") +
              " and nothing else; for a digest write matching type SHA2-256(1)");
  }
}

void judge_digest(const Tlsa& tlsa, std::size_t octets, std::string_view name, Findings& findings) {
  if (tlsa.data.size() == octets) return;
  error(findings, "digest-length",
        "a " + std::string(name) + " digest has " + std::to_string(octets) + " octets, this one " +
            std::to_string(tlsa.data.size()));
}

void judge_data(const Tlsa& tlsa, Findings& findings) {
  switch (tlsa.matching) {
    case 0: return judge_full_data(tlsa, findings);
    case 1: return judge_digest(tlsa, 32, "SHA2-256(1)", findings);
    case 2: return judge_digest(tlsa, 64, "SHA2-512(2)", findings);
    default:
      error(findings, "matching-unknown",
            "matching type " + std::to_string(tlsa.matching) + " is not known; use SHA2-256(1)");
  }
}

// REQUIRES: the record is usable.
void advise(const Tlsa& tlsa, Findings& findings) {
  if (tlsa.matching == 2)
    info(findings, "sha512",
         "every client knows SHA2-256(1), but not every client knows SHA2-512(2) (RFC 6698 section 6); if "
         "both are published, clients use only the stronger one, so keep both current (RFC 7671 section 9)");
  if (tlsa.usage == 3 && tlsa.selector == 0)
    info(findings, "whole-certificate",
         "with selector Cert(0) the record must change with each renewal; with SPKI(1) it lasts as long as "
         "the key (RFC 7671 section 5.1)");
  if (tlsa.usage == 2 && tlsa.matching != 0)
    info(findings, "ta-in-chain",
         "DANE-TA(2) with a digest: the server must send the trust anchor's certificate in its chain "
         "(RFC 7671 section 5.2.2)");
}

}  // namespace

TlsaLint lint_tlsa(std::string_view text) {
  TlsaLint lint;
  auto rdata = tlsa_rdata(text);
  auto tlsa = rdata ? decode_tlsa(*rdata) : std::nullopt;
  if (!tlsa) {
    error(lint.findings, "syntax", syntax_words(text));
    return lint;
  }
  judge_usage(*tlsa, lint.findings);
  if (tlsa->selector > 1)
    error(lint.findings, "selector-unknown",
          "selector " + std::to_string(tlsa->selector) + " is not known; use SPKI(1) or Cert(0)");
  judge_data(*tlsa, lint.findings);
  lint.usable = why_unusable(*tlsa).empty();
  if (lint.usable) advise(*tlsa, lint.findings);
  return lint;
}

}  // namespace mtasts
