#include "tests/unit/net/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace mtasts {
namespace {

int authorities = 0;

void require(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL can't make a test certificate");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

// EVP_EC_gen() is a macro with a cast that our warnings refuse.
EVP_PKEY* new_key() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"); }

Identity blank(const Wish& wish) {
  static long serial = 0;
  Identity identity{{new_key(), EVP_PKEY_free}, {X509_new(), X509_free}};
  X509* certificate = identity.certificate.get();
  require(identity.key && certificate != nullptr);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.begins);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.ends);
  X509_set_pubkey(certificate, identity.key.get());
  auto* name = reinterpret_cast<const unsigned char*>(wish.common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1, 0);
  return identity;
}

void sign(const Identity& identity, const Identity& by) {
  X509_set_issuer_name(identity.certificate.get(), X509_get_subject_name(by.certificate.get()));
  require(X509_sign(identity.certificate.get(), by.key.get(), EVP_sha256()) != 0);
}

}  // namespace

Authority::Authority(long ends)
    : root_(blank(
          {.dns_names = {}, .common_name = "unit test CA " + std::to_string(++authorities), .ends = ends})) {
  add_extension(root_.certificate.get(), root_.certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(root_.certificate.get(), root_.certificate.get(), NID_subject_key_identifier, "hash");
  sign(root_, root_);
}

Identity Authority::issue(const Wish& wish) const {
  Identity identity = blank(wish);
  std::string names;
  for (const auto& name : wish.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  const Identity& issuer = wish.self_signed ? identity : root_;
  if (!names.empty())
    add_extension(identity.certificate.get(), issuer.certificate.get(), NID_subject_alt_name, names);
  sign(identity, issuer);
  return identity;
}

std::string Authority::pem() const {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  require(PEM_write_bio_X509(memory.get(), root_.certificate.get()) == 1);
  char* data = nullptr;
  long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace mtasts
