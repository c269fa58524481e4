#include "net/https/sessions.hpp"

#include <openssl/x509.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <optional>

namespace mtasts {
namespace {

using Steady = std::chrono::steady_clock;
using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

// A server may send tickets as long as the connection lasts. An honest one sends them at once.
constexpr int most_tickets = 4;

// What an SSL knows about its sessions. It is freed with the SSL.
struct Noting {
  std::shared_ptr<TlsSessions> sessions;
  std::string host;
  Verification offered{};  // of the session that was offered
  int tickets = 0;
};

void free_noting(void*, void* noting, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Noting*>(noting);
}

int noting_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_noting);
  return index;
}

Noting* noting_of(const SSL& ssl) { return static_cast<Noting*>(SSL_get_ex_data(&ssl, noting_index())); }

std::optional<std::time_t> seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return timegm(&parts);
}

// The period in which all certificates of a verified chain are valid.
Verification verification_of(const STACK_OF(X509) * chain) {
  Verification verified{Steady::now(), 0, std::numeric_limits<std::time_t>::max()};
  int count = chain != nullptr ? sk_X509_num(chain) : 0;
  for (int i = 0; i < count; ++i) {
    const X509* certificate = sk_X509_value(chain, i);
    auto begin = seconds_of(X509_get0_notBefore(certificate));
    auto end = seconds_of(X509_get0_notAfter(certificate));
    if (!begin || !end) return {};
    verified.begin = std::max(verified.begin, *begin);
    verified.end = std::min(verified.end, *end);
  }
  return count > 0 ? verified : Verification{};
}

// A full handshake has a chain of its own. A resumed one has none, so that of its session still counts. The
// session's certificate must be the one that was verified.
Verification verification_of(SSL& ssl, const SSL_SESSION& session, const Noting& noting) {
  if (SSL_session_reused(&ssl)) return noting.offered;
  STACK_OF(X509)* chain = SSL_get0_verified_chain(&ssl);
  const X509* peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(&session));
  bool same = chain != nullptr && sk_X509_num(chain) > 0 && X509_cmp(peer, sk_X509_value(chain, 0)) == 0;
  return same ? verification_of(chain) : Verification{};
}

bool may_keep(SSL& ssl, const SSL_SESSION& session) {
  return SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(&session)) != nullptr && is_verified(ssl) &&
         SSL_SESSION_is_resumable(&session);
}

std::string encoded(const SSL_SESSION& session) {
  int size = i2d_SSL_SESSION(&session, nullptr);
  std::string octets(static_cast<std::size_t>(std::max(size, 0)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(octets.data());
  if (size > 0) i2d_SSL_SESSION(&session, &at);
  return octets;
}

Session decoded(const std::string& octets) {
  const auto* at = reinterpret_cast<const unsigned char*>(octets.data());
  auto* session = octets.empty() ? nullptr : d2i_SSL_SESSION(nullptr, &at, static_cast<long>(octets.size()));
  return {session, SSL_SESSION_free};
}

// Returns 0, which means that OpenSSL keeps the ownership of the session.
int note_session(SSL* ssl, SSL_SESSION* session) noexcept try {
  Noting* noting = noting_of(*ssl);
  if (noting == nullptr || ++noting->tickets > most_tickets || !may_keep(*ssl, *session)) return 0;
  Verification verified = verification_of(*ssl, *session, *noting);
  if (noting->sessions->holds_now(verified))
    noting->sessions->keep(noting->host, {encoded(*session), verified});
  return 0;
} catch (const std::exception&) {  // no memory: the next handshake is a full one
  return 0;
}

}  // namespace

bool TlsSessions::holds_now(const Verification& verified) const {
  std::time_t now = limits_.time_of_day();
  return verified.begin < now && now < verified.end;
}

void TlsSessions::drop(Order::iterator session) {
  octets_ -= session->second.encoded.size();
  hosts_.erase(session->first);
  order_.erase(session);
}

void TlsSessions::keep(const std::string& host, Kept kept) {
  if (auto known = hosts_.find(host); known != hosts_.end()) drop(known->second);
  std::size_t size = kept.encoded.size();
  if (size == 0 || size > limits_.octets_each || size > limits_.octets) return;
  while (octets_ + size > limits_.octets) drop(order_.begin());
  order_.emplace_back(host, std::move(kept));
  octets_ += size;
  hosts_.emplace(host, std::prev(order_.end()));
}

TlsSessions::Kept TlsSessions::take(const std::string& host) {
  auto known = hosts_.find(host);
  if (known == hosts_.end()) return {};
  Kept kept = known->second->second;
  drop(known->second);
  bool good = Steady::now() - kept.verified.at < limits_.life && holds_now(kept.verified);
  return good ? kept : Kept{};
}

void report_sessions(SSL_CTX& context) {
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, note_session);
}

bool use_sessions(SSL& ssl, std::shared_ptr<TlsSessions> sessions, const std::string& host, bool resume) {
  auto noting = std::make_unique<Noting>(Noting{std::move(sessions), host});
  auto kept = resume ? noting->sessions->take(host) : TlsSessions::Kept{};
  noting->offered = kept.verified;
  if (SSL_set_ex_data(&ssl, noting_index(), noting.get()) != 1) return false;
  noting.release();
  Session session = decoded(kept.encoded);
  return session && SSL_set_session(&ssl, session.get()) == 1;
}

void end_well(SSL& ssl) { SSL_set_shutdown(&ssl, SSL_get_shutdown(&ssl) | SSL_SENT_SHUTDOWN); }

bool is_verified(SSL& ssl) {
  if (SSL_get_verify_result(&ssl) != X509_V_OK || SSL_get0_peer_certificate(&ssl) == nullptr) return false;
  Noting* noting = noting_of(ssl);
  return !SSL_session_reused(&ssl) || (noting != nullptr && noting->offered.end != 0);
}

}  // namespace mtasts
