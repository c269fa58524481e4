#include "x509/certificate.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <new>

#include "core/domain_name.hpp"
#include "core/finding.hpp"
#include "core/text.hpp"
#include "core/tlsa.hpp"
#include "x509/openssl.hpp"

namespace mtasts {
namespace {

// OpenSSL's handshake accepts 100 KiB for a whole chain (SSL_MAX_CERT_LIST_DEFAULT).
constexpr std::size_t max_certificate = 256 * 1024;
constexpr std::size_t max_line = 300, max_dns_names = 1000;

using BioPtr = OpensslPtr<BIO, BIO_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;

std::string_view text_of(const ASN1_STRING* value) noexcept {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

// "CN=mx.example.com, O=Example", the most specific part first.
std::string line_of(const X509_NAME* name) {
  constexpr unsigned long form =
      (ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_DN_REV | XN_FLAG_FN_SN);
  BioPtr memory(BIO_new(BIO_s_mem()));
  if (!memory) throw std::bad_alloc();
  if (X509_NAME_print_ex(memory.get(), name, 0, form) < 0) return "(unreadable)";
  char* data = nullptr;
  long size = BIO_get_mem_data(memory.get(), &data);
  return printable({data, static_cast<std::size_t>(size)}, max_line);
}

// Of several common names the last one, which is the most specific.
std::string common_name_of(const X509_NAME* subject) {
  int found = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) found = at;
  if (found < 0) return {};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, found));
  unsigned char* utf8 = nullptr;
  int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) return printable(text_of(value), max_line);
  std::string text =
      printable({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)}, max_line);
  OPENSSL_free(utf8);
  return text;
}

std::string dns_name_of(const ASN1_STRING* value) {
  std::string name(text_of(value).substr(0, max_line + 1));  // one more, so that printable() shows the cut
  for (char& c : name) c = to_lower(c);
  return printable(name, max_line);
}

void read_names(const X509& certificate, CertificateFacts& facts) {
  void* found = X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr);
  GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(found));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) {
      facts.has_other_names = true;
    } else if (facts.dns_names.size() < max_dns_names) {
      facts.dns_names.push_back(dns_name_of(name->d.dNSName));
    }
  }
}

// 1970 if it can't be read, so that such a certificate counts as expired.
Time time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Time{};
  std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                  std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                  std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

// "P-256" where NIST has a name for the curve, else OpenSSL's, else the number of bits.
std::string curve_of(const EVP_PKEY* key) {
  std::array<char, 80> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1)
    return std::to_string(EVP_PKEY_get_bits(key)) + " bits";
  const char* nist = EC_curve_nid2nist(OBJ_txt2nid(name.data()));
  return nist != nullptr ? nist : printable({name.data(), size}, 40);
}

void read_key(const X509& certificate, CertificateFacts& facts) {
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  facts.key = "unknown";
  if (key == nullptr) return;
  int kind = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);
  auto sized = [&](const char* name) {
    facts.key = std::string(name) + ' ' + std::to_string(bits);
    facts.weak_key = bits < 2048;
  };
  switch (kind) {
    case EVP_PKEY_RSA: return sized("RSA");
    case EVP_PKEY_RSA_PSS: return sized("RSA-PSS");
    case EVP_PKEY_DSA: return sized("DSA");
    case EVP_PKEY_DH:
    case EVP_PKEY_DHX: return sized("DH");
    case EVP_PKEY_ED25519: facts.key = "Ed25519"; return;
    case EVP_PKEY_ED448: facts.key = "Ed448"; return;
    case EVP_PKEY_EC:
      facts.key = "EC " + curve_of(key);
      facts.weak_key = bits < 224;
      return;
    default: break;
  }
  if (const char* name = OBJ_nid2sn(kind); name != nullptr) facts.key = printable(name, 40);
}

bool is_weak_digest(int digest) noexcept {
  for (int weak : {NID_sha1, NID_md5, NID_md5_sha1, NID_md4, NID_md2})
    if (digest == weak) return true;
  return false;
}

void read_signature(X509& certificate, CertificateFacts& facts) {
  int kind = X509_get_signature_nid(&certificate);
  const char* name = kind != NID_undef ? OBJ_nid2ln(kind) : nullptr;
  facts.signature = name != nullptr ? printable(name, 80) : "unknown";
  int digest = NID_undef;
  if (X509_get_signature_info(&certificate, &digest, nullptr, nullptr, nullptr) != 1) digest = NID_undef;
  facts.weak_signature = is_weak_digest(digest) && !facts.self_signed;
}

// What stands behind the "*" of a wildcard that OpenSSL accepts: two labels or more, of letters, digits and
// hyphens.
bool is_wildcard_base(std::string_view base) noexcept {
  return base.find('.') != base.npos && base.find('_') == base.npos && DomainName::parse(base).has_value();
}

// name and host are in lower case.
bool name_matches(std::string_view name, std::string_view host) noexcept {
  if (name == host) return true;
  std::size_t dot = host.find('.');
  if (!name.starts_with("*.") || dot == host.npos || name.substr(1) != host.substr(dot)) return false;
  // OpenSSL lets a wildcard stand for letters, digits and hyphens only.
  return host.substr(0, dot).find('_') == host.npos && is_wildcard_base(name.substr(2));
}

}  // namespace

X509Ptr decode_certificate(std::string_view der) {
  if (der.empty() || der.size() > max_certificate) return nullptr;
  QuietErrors quiet;
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* end = at + der.size();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return at == end ? std::move(certificate) : nullptr;
}

std::optional<CertificateFacts> read_certificate(std::string_view der) {
  X509Ptr certificate = decode_certificate(der);
  if (!certificate) return std::nullopt;
  QuietErrors quiet;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const X509_NAME* issuer = X509_get_issuer_name(certificate.get());
  CertificateFacts facts;
  facts.subject = line_of(subject);
  facts.issuer = line_of(issuer);
  facts.common_name = common_name_of(subject);
  facts.self_signed = X509_NAME_cmp(subject, issuer) == 0;
  facts.not_before = time_of(X509_get0_notBefore(certificate.get()));
  facts.not_after = time_of(X509_get0_notAfter(certificate.get()));
  read_names(*certificate, facts);
  read_key(*certificate, facts);
  read_signature(*certificate, facts);
  return facts;
}

bool names_host(const CertificateFacts& certificate, std::string_view host) noexcept {
  auto asked = DomainName::parse(host);
  if (!asked) return false;
  for (const std::string& name : certificate.dns_names)
    if (name_matches(name, asked->str())) return true;
  return false;
}

std::string tlsa_311_of(std::string_view der) {
  X509Ptr certificate = decode_certificate(der);
  if (!certificate) return {};
  QuietErrors quiet;
  unsigned char* spki = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &spki);
  if (size <= 0) return {};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(spki, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(spki);
  return tlsa_text({3, 1, 1, {reinterpret_cast<const char*>(digest.data()), digest.size()}});
}

}  // namespace mtasts
