// smtp_ending - what a dialogue with a mail server ended in: nothing wrong, a fault of the server, or
// something that says nothing about it. Pure. Part of judge_smtp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ports/smtp.hpp"

namespace mtasts {

struct SmtpEnding {
  // unreachable: no connection was made. unknown: it says nothing about the server, for example because this
  // client was turned away for now (421), or because something is lacking here. So is a reply that did not
  // come in the time that a check has: senders wait 5 minutes for it (RFC 5321 section 4.5.3.2).
  enum class Kind : std::uint8_t { good, unreachable, unknown, fault };
  Kind kind = Kind::good;
  std::string_view code{};  // of the finding; empty if it is good or unknown
  std::string words{};      // follows the name of the server; may have any octets of its
};

SmtpEnding ending_of(const SmtpDialogue& dialogue, bool implicit_tls);

// The server asked for a certificate of the client.
bool wants_certificate(const SmtpDialogue& dialogue) noexcept;

// The version of a handshake is older than TLS 1.2.
bool is_old_tls(std::string_view version) noexcept;

}  // namespace mtasts
