// made - certificates of any kind for tests, by OpenSSL's API: good ones, and each way to be wrong.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "core/tlsa.hpp"

namespace mtasts::test {

using namespace std::chrono_literals;

// A time of tests that is not the machine's.
inline constexpr Time now = std::chrono::sys_days{std::chrono::year(2027) / 3 / 10} + 12h;

inline void require_openssl(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL can't make a test certificate");
}

struct Wanted {
  std::string common_name = "mx.good.example";  // empty: no subject
  std::string names = "DNS:mx.good.example";    // subjectAltName, as in openssl.cnf; empty: none
  std::vector<std::string> octets{};            // more dNSName entries, of any octets
  std::string key = "P-256";                    // "RSA 1024", "Ed25519", or a curve
  const char* digest = "SHA256";
  Time begins = now - std::chrono::days(10), ends = now + std::chrono::days(80);
  bool authority = false;
  std::string more{};  // "basicConstraints=critical,CA:FALSE", one a line, as in openssl.cnf
};

class Made {
 public:
  // by: the issuer; nullptr: signed by itself.
  explicit Made(const Wanted& wanted, const Made* by = nullptr)
      : key_(new_key(wanted.key), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    require_openssl(key_ && certificate_);
    const Made& issuer = by != nullptr ? *by : *this;
    fill(wanted);
    X509_set_issuer_name(get(), X509_get_subject_name(issuer.get()));
    extend(wanted, issuer);
    bool edwards = issuer.key_ && EVP_PKEY_get_base_id(issuer.key()) == EVP_PKEY_ED25519;
    const EVP_MD* digest = edwards ? nullptr : EVP_get_digestbyname(wanted.digest);
    require_openssl(X509_sign(get(), issuer.key(), digest) > 0);
  }

  X509* get() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

  std::string der() const { return octets_of(i2d_X509, get()); }
  std::string spki() const { return octets_of(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(get())); }

 private:
  template <class T, class Write>
  static std::string octets_of(Write write, T* object) {
    unsigned char* data = nullptr;
    int size = write(object, &data);
    require_openssl(size > 0);
    std::string octets(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return octets;
  }

  static EVP_PKEY* new_key(const std::string& kind) {
    if (kind == "Ed25519") return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (kind.starts_with("RSA ")) {
      auto bits = static_cast<std::size_t>(std::stoul(kind.substr(4)));
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits);
    }
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str());
  }

  void fill(const Wanted& wanted) {
    static long serial = 0;
    X509_set_version(get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(get()), ++serial);
    require_openssl(ASN1_TIME_set(X509_getm_notBefore(get()), wanted.begins.time_since_epoch().count()) !=
                    nullptr);
    require_openssl(ASN1_TIME_set(X509_getm_notAfter(get()), wanted.ends.time_since_epoch().count()) !=
                    nullptr);
    X509_set_pubkey(get(), key_.get());
    if (wanted.common_name.empty()) return;
    const auto* name = reinterpret_cast<const unsigned char*>(wanted.common_name.data());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(get()), "CN", MBSTRING_UTF8, name,
                               static_cast<int>(wanted.common_name.size()), -1, 0);
  }

  void extend(const Wanted& wanted, const Made& issuer) {
    if (wanted.authority) add(issuer, "basicConstraints=critical,CA:TRUE");
    add(issuer, "subjectKeyIdentifier=hash");
    for (std::size_t begin = 0; begin < wanted.more.size();) {
      std::size_t end = std::min(wanted.more.find('\n', begin), wanted.more.size());
      add(issuer, wanted.more.substr(begin, end - begin));
      begin = end + 1;
    }
    if (!wanted.octets.empty()) {
      add_octets(wanted.octets);
    } else if (!wanted.authority && !wanted.names.empty()) {
      add(issuer, "subjectAltName=" + wanted.names);
    }
  }

  void add(const Made& issuer, const std::string& line) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer.get(), get(), nullptr, nullptr, 0);
    std::size_t equals = line.find('=');
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf(nullptr, &context, line.substr(0, equals).c_str(), line.substr(equals + 1).c_str()),
        X509_EXTENSION_free);
    require_openssl(extension && X509_add_ext(get(), extension.get(), -1) == 1);
  }

  void add_octets(const std::vector<std::string>& names) {
    std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(GENERAL_NAMES_new(),
                                                                      GENERAL_NAMES_free);
    for (const std::string& name : names) {
      GENERAL_NAME* entry = GENERAL_NAME_new();
      ASN1_IA5STRING* text = ASN1_IA5STRING_new();
      ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
      GENERAL_NAME_set0_value(entry, GEN_DNS, text);
      require_openssl(sk_GENERAL_NAME_push(all.get(), entry) > 0);
    }
    require_openssl(X509_add1_ext_i2d(get(), NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) == 1);
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

inline Made new_authority(const std::string& name, const Made* by = nullptr) {
  return Made({.common_name = name, .ends = now + std::chrono::days(1000), .authority = true}, by);
}

// The record of a certificate for a usage, a selector and a matching type.
inline std::string tlsa_of(unsigned usage, unsigned selector, unsigned matching, const Made& made) {
  std::string data = selector == 0 ? made.der() : made.spki();
  if (matching != 0) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    require_openssl(EVP_Digest(data.data(), data.size(), digest, &size,
                               matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr) == 1);
    data.assign(reinterpret_cast<char*>(digest), size);
  }
  std::string rdata;
  for (unsigned field : {usage, selector, matching}) rdata += static_cast<char>(field);
  return rdata + data;
}

}  // namespace mtasts::test
