#include "net/smtp/smtp_tls.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <string_view>
#include <vector>

#include "core/finding.hpp"
#include "x509/certificate.hpp"

namespace mtasts {
namespace {

using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

int asked_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// OpenSSL calls this when the server asks for a certificate. 0: none is sent.
int note_asked(SSL* ssl, X509**, EVP_PKEY**) {
  static char asked = 0;
  SSL_set_ex_data(ssl, asked_index(), &asked);
  return 0;
}

using SecurityCallback = decltype(SSL_CTX_get_security_callback(nullptr));

// OpenSSL's own, which every context begins with.
SecurityCallback usual_security() {
  static const SecurityCallback usual = [] {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> fresh(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    return fresh ? SSL_CTX_get_security_callback(fresh.get()) : nullptr;
  }();
  return usual;
}

// Whether the server has chosen TLS 1.0 or 1.1. Until it has chosen, the version is the highest one offered.
bool has_old_version(const SSL* ssl) noexcept { return ssl != nullptr && SSL_version(ssl) < TLS1_2_VERSION; }

// A prime of 1024 bits, the least that OpenSSL takes at any security level.
constexpr int least_dh_bits = 80;

// Permits TLS 1.0 and 1.1, whose signatures are by SHA-1, and the short primes that Postfix takes too, which
// are the server's choice. It demands of everything else what the system demands. So whatever else is offered
// is the same as without them.
int permit_what_postfix_does(const SSL* ssl, const SSL_CTX* context, int operation, int bits, int number,
                             void* other, void* data) {
  bool is_signature = operation == SSL_SECOP_SIGALG_SUPPORTED || operation == SSL_SECOP_SIGALG_SHARED ||
                      operation == SSL_SECOP_SIGALG_CHECK;
  if (is_signature && has_old_version(ssl)) return 1;
  if (operation == SSL_SECOP_TMP_DH && bits >= least_dh_bits) return 1;
  if (operation == SSL_SECOP_VERSION && (number == TLS1_VERSION || number == TLS1_1_VERSION)) return 1;
  return usual_security()(ssl, context, operation, bits, number, other, data);
}

// As Postfix where it need not authenticate the host (PFX-46). An OpenSSL without old versions goes on
// without them.
void accept_what_postfix_does(SSL_CTX& context) {
  if (usual_security() == nullptr) return;
  SSL_CTX_set_min_proto_version(&context, TLS1_VERSION);
  SSL_CTX_set_security_callback(&context, permit_what_postfix_does);
}

std::string der_of(const X509* certificate) {
  unsigned char* octets = nullptr;
  int size = i2d_X509(certificate, &octets);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
  OPENSSL_free(octets);
  return der;
}

std::vector<std::string> chain_of(const SSL& ssl) {
  std::vector<std::string> chain;
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(&ssl);  // nullptr: none came; sk_X509_num() says -1
  for (int i = 0; i < sk_X509_num(sent); ++i) chain.push_back(der_of(sk_X509_value(sent, i)));
  return chain;
}

// Drops the certificates from the first one that does not fit.
bool cut(std::vector<std::string>& chain) {
  std::size_t octets = 0, kept = 0;
  while (kept < chain.size() && octets + chain[kept].size() <= max_kept_chain) octets += chain[kept++].size();
  bool is_cut = kept < chain.size();
  chain.resize(kept);
  return is_cut;
}

}  // namespace

Result<SslCtx> make_smtp_tls_context(const std::string& ca_file, const std::string& more_ca_file) {
  auto made = make_tls_context(ca_file);
  if (!made) return made;
  SSL_CTX& context = **made;
  SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(&context, nullptr, 0);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_sess_set_new_cb(&context, nullptr);
  SSL_CTX_set_client_cert_cb(&context, note_asked);
  accept_what_postfix_does(context);
  if (more_ca_file.empty()) return made;
  ERR_clear_error();
  if (X509_STORE_load_file(SSL_CTX_get_cert_store(&context), more_ca_file.c_str()) == 1) return made;
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  return fail(Fault::config, "[check] ca_file: can't use " + printable(more_ca_file, 300) + " (" +
                                 openssl_words(code) + "); it must hold CA certificates in PEM format");
}

SSL* new_smtp_client(SSL_CTX& context, const std::string& host) {
  Ssl ssl(SSL_new(&context), SSL_free);
  if (!ssl || host.empty()) return ssl.release();
  // This is SSL_set_tlsext_host_name() without its cast, which GCC warns about. OpenSSL copies the name.
  void* name = const_cast<char*>(host.c_str());
  if (SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1) return nullptr;
  return ssl.release();
}

bool asked_for_certificate(const SSL& ssl) noexcept {
  return SSL_get_ex_data(&ssl, asked_index()) != nullptr;
}

SmtpTlsFacts tls_facts(const SSL& ssl, Time now) {
  SmtpTlsFacts facts;
  facts.version = SSL_get_version(&ssl);
  const SSL_CIPHER* cipher = SSL_get_current_cipher(&ssl);
  if (cipher != nullptr) facts.cipher = SSL_CIPHER_get_name(cipher);
  facts.asks_for_certificate = asked_for_certificate(ssl);
  facts.chain = chain_of(ssl);
  auto verdict = verify_chain(*SSL_CTX_get_cert_store(SSL_get_SSL_CTX(&ssl)), facts.chain, now);
  facts.untrusted = verdict.error;
  facts.untrusted_depth = verdict.depth;
  facts.untrusted_words = std::move(verdict.words);
  facts.chain_cut = cut(facts.chain);
  return facts;
}

}  // namespace mtasts
