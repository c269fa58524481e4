// tls - what mtastsd asks of a policy host's TLS (RFC 8461 §3.3; STS-9, STS-10, STS-15), and the words for
// its failures.
//
// TLS 1.2 or later; a chain to a trusted root, unexpired; the host by a DNS-ID of the certificate, never by
// its common name; a wildcard only as the whole left-most label. Revocation is not looked at (RFC 8461 §3.3
// leaves it open).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "core/result.hpp"

namespace mtasts {

using SslCtx = std::shared_ptr<SSL_CTX>;

// ca_file: PEM; empty: the system's store. Reading the store takes some 100 ms: one context serves all
// connections.
Result<SslCtx> make_tls_context(const std::string& ca_file);

// A client's SSL for host: SNI and the names to match are set. nullptr: out of memory. The caller owns it.
SSL* new_client(SSL_CTX& context, const std::string& host);

// An error code of OpenSSL (ERR_get_error()) in words, also one of a system call. One line.
std::string openssl_words(unsigned long code);

// In a verify callback after a failure: OpenSSL's words, the depth, and what the certificate has instead.
// One line of printable ASCII.
std::string describe_failure(X509_STORE_CTX& store);

}  // namespace mtasts
