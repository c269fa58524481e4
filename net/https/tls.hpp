// tls - what mtastsd demands of a policy host's TLS (RFC 8461 §3.3; STS-9, STS-10, STS-15), and the words for
// its failures.
//
// It demands TLS 1.2 or later, and an unexpired chain to a trusted root. A DNS-ID of the certificate must
// match the host; the common name never counts, and a wildcard only as the whole left-most label. Revocation
// is not checked (RFC 8461 §3.3 leaves it open).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "core/result.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

using SslCtx = std::shared_ptr<SSL_CTX>;

// ca_file: PEM; empty: the system's store. Reading the store takes some 100 ms, so one context serves all
// connections. Fault::config: the certificates can't be used; detail says what to do.
Result<SslCtx> make_tls_context(const std::string& ca_file);

// A client's SSL for host: SNI and the names to match are set. nullptr: out of memory. The caller owns it.
SSL* new_client(SSL_CTX& context, const std::string& host);

// An error code of OpenSSL (ERR_get_error()) in words, including that of a system call. One line.
std::string openssl_words(unsigned long code);

// What such an error means for a handshake.
TlsTrouble tls_trouble(unsigned long code) noexcept;

// Describes a failure, inside a verify callback: OpenSSL's words, the depth in the chain, and what the
// certificate says instead. One line of printable ASCII.
std::string describe_failure(X509_STORE_CTX& store);

// Inside a verify callback: notes the chain that the server presented.
void note_chain(X509_STORE_CTX& store, PolicyHostSeen& seen);
// Inside a verify callback that is called for a failure: notes the failure.
void note_failure(X509_STORE_CTX& store, PolicyHostSeen& seen);

}  // namespace mtasts
