#include "net/https/sessions.hpp"

#include <openssl/x509.h>

#include <exception>

namespace mtasts {
namespace {

using Steady = std::chrono::steady_clock;

// What an SSL knows about its sessions; goes with it.
struct Noting {
  std::shared_ptr<TlsSessions> sessions;
  std::string host;
  VerifiedChain offered{};  // of the session that was offered
};

void free_noting(void*, void* noting, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Noting*>(noting);
}

int noting_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_noting);
  return index;
}

Noting* noting_of(const SSL& ssl) { return static_cast<Noting*>(SSL_get_ex_data(&ssl, noting_index())); }

void free_chain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }

bool is_within_its_time(const X509* certificate) {
  return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
         X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

bool is_valid_now(const VerifiedChain& chain) {
  int count = chain.certificates ? sk_X509_num(chain.certificates.get()) : 0;
  for (int i = 0; i < count; ++i) {
    if (!is_within_its_time(sk_X509_value(chain.certificates.get(), i))) return false;
  }
  return count > 0;
}

// A full handshake's own chain; a resumed one has none, and goes on with that of its session.
VerifiedChain chain_of(SSL& ssl, const Noting& noting) {
  if (SSL_session_reused(&ssl)) return noting.offered;
  STACK_OF(X509)* chain = SSL_get0_verified_chain(&ssl);
  STACK_OF(X509)* copy = chain != nullptr ? X509_chain_up_ref(chain) : nullptr;
  if (copy == nullptr) return {};
  return {std::shared_ptr<STACK_OF(X509)>(copy, free_chain), Steady::now()};
}

bool may_keep(SSL& ssl, const SSL_SESSION& session, const VerifiedChain& chain) {
  const X509* peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(&session));
  return peer != nullptr && is_verified(ssl) && SSL_SESSION_is_resumable(&session) && is_valid_now(chain) &&
         X509_cmp(peer, sk_X509_value(chain.certificates.get(), 0)) == 0;
}

// 1: the session is ours now.
int note_session(SSL* ssl, SSL_SESSION* session) noexcept try {
  Noting* noting = noting_of(*ssl);
  if (noting == nullptr) return 0;
  VerifiedChain chain = chain_of(*ssl, *noting);
  if (!may_keep(*ssl, *session, chain)) return 0;
  if (SSL_SESSION_up_ref(session) != 1) return 0;
  std::shared_ptr<SSL_SESSION> ours(session, SSL_SESSION_free);
  noting->sessions->keep(noting->host, {std::move(ours), std::move(chain)});
  return 0;                        // OpenSSL's own reference stays OpenSSL's
} catch (const std::exception&) {  // no memory: the next handshake is a full one
  return 0;
}

}  // namespace

void TlsSessions::keep(const std::string& host, Kept kept) {
  auto known = hosts_.find(host);
  if (known != hosts_.end()) {
    order_.erase(known->second);
    hosts_.erase(known);
  }
  if (limits_.most == 0) return;
  while (order_.size() >= limits_.most) {
    hosts_.erase(order_.front().first);
    order_.pop_front();
  }
  order_.emplace_back(host, std::move(kept));
  hosts_.emplace(host, std::prev(order_.end()));
}

TlsSessions::Kept TlsSessions::take(const std::string& host) {
  auto known = hosts_.find(host);
  if (known == hosts_.end()) return {};
  Kept kept = std::move(known->second->second);
  order_.erase(known->second);
  hosts_.erase(known);
  bool good = Steady::now() - kept.chain.at < limits_.life && is_valid_now(kept.chain);
  return good ? kept : Kept{};
}

void report_sessions(SSL_CTX& context) {
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, note_session);
}

bool use_sessions(SSL& ssl, std::shared_ptr<TlsSessions> sessions, const std::string& host, bool resume) {
  auto noting = std::make_unique<Noting>(Noting{std::move(sessions), host});
  auto kept = resume ? noting->sessions->take(host) : TlsSessions::Kept{};
  noting->offered = kept.chain;
  if (SSL_set_ex_data(&ssl, noting_index(), noting.get()) != 1) return false;
  noting.release();
  return kept.session && SSL_set_session(&ssl, kept.session.get()) == 1;
}

void end_well(SSL& ssl) { SSL_set_shutdown(&ssl, SSL_get_shutdown(&ssl) | SSL_SENT_SHUTDOWN); }

bool is_verified(SSL& ssl) {
  if (SSL_get_verify_result(&ssl) != X509_V_OK || SSL_get0_peer_certificate(&ssl) == nullptr) return false;
  Noting* noting = noting_of(ssl);
  return !SSL_session_reused(&ssl) || (noting != nullptr && noting->offered.certificates);
}

}  // namespace mtasts
