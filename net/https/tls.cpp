#include "net/https/tls.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/finding.hpp"
#include "net/https/sessions.hpp"

namespace mtasts {
namespace {

constexpr int max_names = 5;  // names of a certificate that a message lists

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Ssl = std::unique_ptr<SSL, Deleter<SSL_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;

// The words of the oldest error in this thread's queue, which is the cause. Empties the queue.
std::string oldest_error() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  return openssl_words(code);
}

// What the more common failures of a handshake mean; empty: OpenSSL's words are clear.
std::string_view meaning_of(TlsTrouble trouble) noexcept {
  switch (trouble) {
    case TlsTrouble::not_tls: return "the server does not speak TLS on this port";
    case TlsTrouble::old_version: return "the server offers no TLS 1.2 or later";
    case TlsTrouble::no_http1: return "the server does not speak HTTP/1.1, perhaps only HTTP/2";
    default: return {};
  }
}

// OpenSSL accepts a store that isn't there, and then no policy could ever be fetched.
bool system_has_roots() {
  auto named = [](const char* variable, const char* standard) {
    const char* value = std::getenv(variable);
    return std::filesystem::path(value != nullptr ? value : standard);
  };
  std::error_code error;
  auto file = named(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  if (std::filesystem::file_size(file, error) > 0 && !error) return true;
  auto folder = named(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  return !std::filesystem::is_empty(folder, error) && !error;
}

Result<void> load_roots(SSL_CTX& context, const std::string& ca_file) {
  if (ca_file.empty()) {
    if (system_has_roots() && SSL_CTX_set_default_verify_paths(&context) == 1) return {};
    return fail(Fault::config,
                "the system has no CA certificates; install ca-certificates or set [https] ca_file");
  }
  if (SSL_CTX_load_verify_file(&context, ca_file.c_str()) == 1) return {};
  return fail(Fault::config, "[https] ca_file: can't use " + ca_file + " (" + oldest_error() +
                                 "); it must hold CA certificates in PEM format");
}

std::string_view text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::string names_of(const X509& certificate) {
  void* found = X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr);
  GeneralNames names(static_cast<GENERAL_NAMES*>(found));
  std::string text;
  int count = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    if (++count > max_names) return text + ", ...";
    text += (text.empty() ? "" : ", ") + printable(text_of(name->d.dNSName));
  }
  return text;
}

std::string date_of(const ASN1_TIME* time) {
  Bio memory(BIO_new(BIO_s_mem()));
  if (!memory || ASN1_TIME_print(memory.get(), time) != 1) return "an unreadable date";
  char* data = nullptr;
  long size = BIO_get_mem_data(memory.get(), &data);
  return printable({data, static_cast<std::size_t>(size)});
}

// What the certificate says that helps to understand the error.
std::string details(int error, const X509* certificate) {
  if (certificate == nullptr) return {};
  if (error == X509_V_ERR_CERT_HAS_EXPIRED)
    return "; it expired on " + date_of(X509_get0_notAfter(certificate));
  if (error == X509_V_ERR_CERT_NOT_YET_VALID)
    return "; it is valid from " + date_of(X509_get0_notBefore(certificate));
  if (error != X509_V_ERR_HOSTNAME_MISMATCH) return {};
  std::string names = names_of(*certificate);
  return names.empty() ? "; it has no DNS name (a common name does not count)" : "; its names are " + names;
}

std::string der_of(const X509& certificate) {
  int size = i2d_X509(&certificate, nullptr);
  std::string der(static_cast<std::size_t>(std::max(size, 0)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  if (size > 0) i2d_X509(&certificate, &at);
  return der;
}

}  // namespace

Result<SslCtx> make_tls_context(const std::string& ca_file) {
  ERR_clear_error();
  SslCtx context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return fail(Fault::config, "OpenSSL can't start: " + oldest_error());
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return fail(Fault::config, "OpenSSL can't do TLS 1.2: " + oldest_error());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);  // a server could make us work without end
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  // Only HTTP/1.1 is spoken here. With ALPN, a server that supports it can't be tricked into answering in
  // another protocol.
  constexpr unsigned char http[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context.get(), http, sizeof http);
  report_sessions(*context);
  auto loaded = load_roots(*context, ca_file);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return context;
}

std::string openssl_words(unsigned long code) {
  if (code == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return std::system_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  std::string words = reason != nullptr ? reason : "an error that OpenSSL does not describe";
  std::string_view meaning = meaning_of(tls_trouble(code));
  return meaning.empty() ? words : std::string(meaning) + " (" + words + ")";
}

TlsTrouble tls_trouble(unsigned long code) noexcept {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return TlsTrouble::other;
  switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER: return TlsTrouble::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return TlsTrouble::old_version;
    // The one protocol offered is HTTP/1.1 (make_tls_context()).
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: return TlsTrouble::no_http1;
    default: return TlsTrouble::other;
  }
}

SSL* new_client(SSL_CTX& context, const std::string& host) {
  Ssl ssl(SSL_new(&context));
  if (!ssl) return nullptr;
  SSL_set_hostflags(ssl.get(),
                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);  // STS-10
  if (SSL_set1_host(ssl.get(), host.c_str()) != 1) return nullptr;
  // This is SSL_set_tlsext_host_name() without its cast, which GCC warns about. OpenSSL copies the name.
  void* name = const_cast<char*>(host.c_str());
  if (SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1)
    return nullptr;  // STS-8
  return ssl.release();
}

std::string describe_failure(X509_STORE_CTX& store) {
  int error = X509_STORE_CTX_get_error(&store);
  int depth = X509_STORE_CTX_get_error_depth(&store);
  return std::string("certificate verify failed: ") + X509_verify_cert_error_string(error) + " (depth " +
         std::to_string(depth) + ")" + details(error, X509_STORE_CTX_get_current_cert(&store));
}

void note_chain(X509_STORE_CTX& store, PolicyHostSeen& seen) {
  STACK_OF(X509)* presented = X509_STORE_CTX_get0_untrusted(&store);  // the leaf among them
  std::size_t total = 0;
  for (int i = 0; presented != nullptr && i < sk_X509_num(presented); ++i) {
    std::string der = der_of(*sk_X509_value(presented, i));
    total += der.size();
    seen.chain_cut = der.empty() || total > max_chain_octets;
    if (seen.chain_cut) return;
    seen.chain.push_back(std::move(der));
  }
}

void note_failure(X509_STORE_CTX& store, PolicyHostSeen& seen) {
  seen.tls = TlsTrouble::certificate;
  seen.untrusted = X509_STORE_CTX_get_error(&store);
  seen.untrusted_depth = X509_STORE_CTX_get_error_depth(&store);
  seen.untrusted_words = X509_verify_cert_error_string(seen.untrusted);
}

}  // namespace mtasts
