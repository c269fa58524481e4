// smtp_tls - TLS as an SMTP dialogue has it: accepted as from a policy host (net/https/tls.hpp), but without
// verification, and TLS 1.0 and 1.1 too. What the server shows is noted and judged afterwards.
//
// Some senders still use the old versions, so a server that has nothing else gets part of its mail through
// them. They are offered beside TLS 1.2 and 1.3, and change nothing for a server that knows those. Primes of
// 1024 bits for Diffie-Hellman are accepted too: Postfix does so, also where it authenticates the server.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"
#include "net/https/tls.hpp"
#include "ports/smtp.hpp"

namespace mtasts {

inline constexpr std::size_t max_kept_chain = 16 * 1024;  // octets of a chain in SmtpTlsFacts

// The context holds the trusted roots, by which chains are judged. No session is resumed or kept, no protocol
// is offered by ALPN, and no certificate of ours is ever sent.
//
// ca_file: as in make_tls_context(). more_ca_file: PEM, trusted too; empty: none. Fault::config: the
// certificates can't be used; detail says what to do. Takes some 100 ms.
Result<SslCtx> make_smtp_tls_context(const std::string& ca_file, const std::string& more_ca_file);

// A client's SSL. host: for SNI; empty: none is sent. nullptr: out of memory, or host is longer than a name
// can be. The caller owns it.
SSL* new_smtp_client(SSL_CTX& context, const std::string& host);

// True if the server has asked for a certificate in this handshake.
bool asked_for_certificate(const SSL& ssl) noexcept;

// What is known after a handshake, or after one that failed. ssl: of new_smtp_client(). now: the time at
// which the chain is judged.
SmtpTlsFacts tls_facts(const SSL& ssl, Time now);

}  // namespace mtasts
