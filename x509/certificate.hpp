// certificate - what a certificate says, as a value; and whether a chain that was seen is good, by PKIX and
// by DANE. Pure: no network, no file, no clock. The octets come from a peer, so any are handled.
#pragma once

#include <openssl/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace mtasts {

struct CertificateFacts {
  std::string subject, issuer;  // one line each, printable ASCII, at most 300 octets
  std::string common_name;      // of the subject; empty: none
  std::vector<std::string>
      dns_names;                 // dNSName entries of subjectAltName, lower case, printable; at most 1000
  bool has_other_names = false;  // subjectAltName has entries of other kinds, such as addresses
  Time not_before{}, not_after{};
  std::string key;        // "RSA 2048", "EC P-256", "Ed25519"
  std::string signature;  // "sha256WithRSAEncryption"
  bool weak_key = false;  // RSA or DH below 2048 bits, EC below 224
  bool weak_signature =
      false;  // SHA-1 or MD5; never set for a self-signed certificate, whose signature proves nothing
  bool self_signed = false;  // issuer and subject are the same
  friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

// nullopt: not one DER certificate.
std::optional<CertificateFacts> read_certificate(std::string_view der);

// Whether a DNS name of the certificate matches the host: equal without case, or a wildcard as the whole
// left-most label (RFC 6125 section 6.4.3). The common name never counts.
bool names_host(const CertificateFacts& certificate, std::string_view host) noexcept;

// How a chain was judged. error: X509_V_OK (0) or another X509_V_ERR_ code of OpenSSL.
struct ChainVerdict {
  int error = 0;
  int depth = 0;      // of the certificate at fault, 0 is the leaf
  std::string words;  // OpenSSL's words for the error; empty if there is none
  bool good() const noexcept { return error == 0; }
  friend bool operator==(const ChainVerdict&, const ChainVerdict&) = default;
};

// chain: DER certificates as the server sent them, the leaf first. Judged as net/https judges a policy host,
// but without the name: trusted root, signatures, purpose, dates at the time now. roots: the trusted
// certificates; not changed.
ChainVerdict verify_chain(X509_STORE& roots, std::span<const std::string> chain, Time now);

// Judged by DANE with the RDATA of TLSA records, as RFC 7672 section 3 says: usages 2 and 3, unusable records
// ignored. names: the TLSA base domain and, for usage 2, every other name that the certificate may have.
struct DaneVerdict {
  enum class State {
    match,       // a usable record matches, and for usage 2 name and dates are good
    no_match,    // there are usable records, and none matches
    bad_name,    // usage 2: the chain matches, but the leaf names none of the names
    no_usable,   // no record is usable
    not_judged,  // there is no chain
  };
  State state = State::not_judged;
  int error = 0;  // OpenSSL's X509_V_ERR_ code, where there is no match; a chain may match and have expired
  std::string words{};    // OpenSSL's words for it, or empty
  std::string matched{};  // the record that matched: "3 1 1 2bb1…"; empty: none
  friend bool operator==(const DaneVerdict&, const DaneVerdict&) = default;
};
DaneVerdict verify_dane(std::span<const std::string> chain, std::span<const std::string> tlsa_rdata,
                        std::span<const std::string> names, Time now);

// The TLSA record that a certificate would match: "3 1 1 " and the digest of its public key. Empty: not a
// certificate.
std::string tlsa_311_of(std::string_view der);

}  // namespace mtasts
