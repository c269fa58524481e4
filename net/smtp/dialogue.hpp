// dialogue - one SMTP dialogue up to TLS over one connection (ports/smtp.hpp): greeting, EHLO, STARTTLS,
// handshake, EHLO, QUIT. Never MAIL.
//
// The greeting is waited for. After an EHLO that is refused with 5xx a HELO is sent, only to learn whether
// the server takes that. Octets behind the reply to STARTTLS are counted and end the dialogue: they would
// pass for the server's, although anybody on the way may have put them there (CVE-2011-0411). A server that
// asks for a certificate gets none.
//
// Limits: ReplyLimits for all replies (net/smtp/reply.hpp), and 384 KiB for all that comes over the
// connection, TLS and certificates included. Of each reply 4 KiB of text are kept, which is more than any
// honest one has; but the dialogue goes by the whole of it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "net/smtp/smtp_tls.hpp"
#include "ports/smtp.hpp"

namespace mtasts {

struct DialogueJob {
  SslCtx tls;             // of make_smtp_tls_context()
  SmtpRequest request;    // its address has been judged
  std::string ehlo;       // as configured, and
  std::string host_name;  // this host's, as in ehlo_name()
  std::chrono::steady_clock::time_point done_by;
};

// Ends by done_by, with whatever is known then.
boost::asio::awaitable<SmtpDialogue> hold_dialogue(DialogueJob job);

}  // namespace mtasts
