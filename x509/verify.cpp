// verify - a chain judged by PKIX and by DANE. Both use the SSL parameters that a client of this host has, so
// that a verdict is the one that a handshake would have given.
#include <array>
#include <new>

#include "core/domain_name.hpp"
#include "core/tlsa.hpp"
#include "x509/certificate.hpp"
#include "x509/openssl.hpp"

namespace mtasts {
namespace {

using ContextPtr = OpensslPtr<SSL_CTX, SSL_CTX_free>;
using StorePtr = OpensslPtr<X509_STORE, X509_STORE_free>;
using StoreCtxPtr = OpensslPtr<X509_STORE_CTX, X509_STORE_CTX_free>;

void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using StackPtr = OpensslPtr<STACK_OF(X509), free_stack>;

// More are not in any chain that verifies: OpenSSL stops at a depth of 100.
constexpr std::size_t max_chain = 100;

// What Postfix demands of keys and signatures where it authenticates a host: 80 bits of security (PFX-46).
constexpr int postfix_level = 1;

void require_memory(bool there) {
  if (!there) throw std::bad_alloc();
}

// A client's context as net/https makes it, with the system's openssl.cnf; read once, for all.
SSL_CTX& client_context() {
  static const ContextPtr context = [] {
    ContextPtr made(SSL_CTX_new(TLS_client_method()));
    require_memory(made && SSL_CTX_dane_enable(made.get()) == 1);
    return made;
  }();
  return *context;
}

SslPtr new_ssl() {
  SslPtr ssl(SSL_new(&client_context()));
  require_memory(ssl != nullptr);
  return ssl;
}

struct Chain {
  StackPtr certificates{sk_X509_new_null()};
  int bad = -1;  // the depth of what is not a certificate; -1: all are

  X509* leaf() const noexcept { return sk_X509_value(certificates.get(), 0); }
  bool judgeable() const noexcept { return leaf() != nullptr && bad < 0; }
};

Chain decode_chain(std::span<const std::string> octets) {
  Chain chain;
  require_memory(chain.certificates != nullptr);
  for (const std::string& der : octets.first(std::min(octets.size(), max_chain))) {
    X509Ptr certificate = decode_certificate(der);
    if (!certificate) {
      chain.bad = sk_X509_num(chain.certificates.get());
      return chain;
    }
    require_memory(sk_X509_push(chain.certificates.get(), certificate.get()) > 0);
    static_cast<void>(certificate.release());
  }
  return chain;
}

// As SSL_connect() prepares it for a server's chain.
StoreCtxPtr prepare(X509_STORE& roots, const Chain& chain, SSL& ssl, int level, Time now) {
  StoreCtxPtr context(X509_STORE_CTX_new());
  require_memory(context &&
                 X509_STORE_CTX_init(context.get(), &roots, chain.leaf(), chain.certificates.get()));
  require_memory(X509_STORE_CTX_set_default(context.get(), "ssl_server"));
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  require_memory(X509_VERIFY_PARAM_set1(param, SSL_get0_param(&ssl)));
  X509_VERIFY_PARAM_set_auth_level(param, level);
  X509_VERIFY_PARAM_set_time(param, static_cast<std::time_t>(now.time_since_epoch().count()));
  return context;
}

ChainVerdict verdict_of(X509_STORE_CTX& context) {
  if (X509_verify_cert(&context) == 1) return {};
  int error = X509_STORE_CTX_get_error(&context);
  if (error == X509_V_OK) error = X509_V_ERR_UNSPECIFIED;
  return {error, X509_STORE_CTX_get_error_depth(&context), X509_verify_cert_error_string(error)};
}

// Adds the records that can be used, and says how many.
int add_records(SSL& ssl, std::span<const std::string> tlsa_rdata) {
  int added = 0;
  for (const std::string& rdata : tlsa_rdata) {
    auto tlsa = decode_tlsa(rdata);
    if (!tlsa || !why_unusable(*tlsa).empty()) continue;
    const auto* data = reinterpret_cast<const unsigned char*>(tlsa->data.data());
    auto octet = [](unsigned value) { return static_cast<std::uint8_t>(value); };
    // OpenSSL looks closer at a whole certificate or key than why_unusable() does.
    if (SSL_dane_tlsa_add(&ssl, octet(tlsa->usage), octet(tlsa->selector), octet(tlsa->matching), data,
                          tlsa->data.size()) > 0)
      ++added;
  }
  return added;
}

// Returns how many names there are. A common name counts where there is no DNS name (DANE-20).
int add_names(X509_STORE_CTX& context, std::span<const std::string> names) {
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(&context);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  int added = 0;
  for (const std::string& name : names) {
    auto host = DomainName::parse(name);
    if (!host) continue;
    require_memory(X509_VERIFY_PARAM_add1_host(param, host->str().data(), host->str().size()));
    ++added;
  }
  return added;
}

// The record by which the chain was found to be good.
Tlsa matched_record(SSL& ssl) {
  std::uint8_t usage = 0, selector = 0, matching = 0;
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_get0_dane_tlsa(&ssl, &usage, &selector, &matching, &data, &size) < 0) return {};
  return {usage, selector, matching, {reinterpret_cast<const char*>(data), size}};
}

}  // namespace

ChainVerdict verify_chain(X509_STORE& roots, std::span<const std::string> chain, Time now) {
  QuietErrors quiet;
  Chain decoded = decode_chain(chain);
  if (decoded.bad >= 0) return {X509_V_ERR_UNSPECIFIED, decoded.bad, "not a certificate"};
  if (decoded.leaf() == nullptr) return {X509_V_ERR_UNSPECIFIED, 0, "no certificate"};
  SslPtr ssl = new_ssl();
  StoreCtxPtr context = prepare(roots, decoded, *ssl, SSL_get_security_level(ssl.get()), now);
  return verdict_of(*context);
}

DaneVerdict verify_dane(std::span<const std::string> chain, std::span<const std::string> tlsa_rdata,
                        std::span<const std::string> names, Time now) {
  using State = DaneVerdict::State;
  QuietErrors quiet;
  SslPtr ssl = new_ssl();
  require_memory(SSL_dane_enable(ssl.get(), nullptr) == 1);
  SSL_dane_set_flags(ssl.get(), DANE_FLAG_NO_DANE_EE_NAMECHECKS);  // DANE-18
  if (add_records(*ssl, tlsa_rdata) == 0) return {.state = State::no_usable};
  Chain decoded = decode_chain(chain);
  if (!decoded.judgeable()) return {.state = State::not_judged};
  StorePtr no_roots(X509_STORE_new());
  require_memory(no_roots != nullptr);
  StoreCtxPtr context = prepare(*no_roots, decoded, *ssl, postfix_level, now);
  bool named = add_names(*context, names) > 0;
  X509_STORE_CTX_set0_dane(context.get(), SSL_get0_dane(ssl.get()));
  ChainVerdict verdict = verdict_of(*context);
  if (!verdict.good()) {
    bool by_name = verdict.error == X509_V_ERR_HOSTNAME_MISMATCH;
    return {by_name ? State::bad_name : State::no_match, verdict.error, std::move(verdict.words), {}};
  }
  Tlsa matched = matched_record(*ssl);
  // Without a name OpenSSL checks none.
  if (matched.usage == 2 && !named)
    return {State::bad_name,
            X509_V_ERR_HOSTNAME_MISMATCH,
            X509_verify_cert_error_string(X509_V_ERR_HOSTNAME_MISMATCH),
            {}};
  return {State::match, 0, {}, tlsa_text(matched)};
}

}  // namespace mtasts
