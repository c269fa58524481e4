// ports/smtp - "talk to this mail server up to TLS, and note what it says". Implemented by net/smtp; replayed
// from traces. It never sends mail: greeting, EHLO, STARTTLS, TLS handshake, EHLO, QUIT.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"

namespace mtasts {

struct SmtpReply {
  unsigned code = 0;               // 0: there was none
  std::vector<std::string> lines;  // without the code; any octets but CR and LF
  bool cut = false;                // the rest of the text was left out, because it was too long to keep
  friend bool operator==(const SmtpReply&, const SmtpReply&) = default;
};

// Whether the reply to an EHLO offers an extension, such as "STARTTLS". As Postfix reads it: without case, in
// every line but the first (which has the server's name), and whatever parameters follow.
bool offers(const SmtpReply& ehlo, std::string_view extension) noexcept;

// The last step that was done: for the greeting and each command, that its reply leads on. With implicit TLS
// the steps are connected, tls and ehlo_in_tls; the greeting then comes within TLS.
// Stable: saved traces hold the words of this enum and of the next.
enum class SmtpStage : std::uint8_t { none, connected, greeted, ehlo, starttls, tls, ehlo_in_tls };

constexpr std::string_view words(SmtpStage stage) noexcept {
  switch (stage) {
    case SmtpStage::none: return "none";
    case SmtpStage::connected: return "connected";
    case SmtpStage::greeted: return "greeted";
    case SmtpStage::ehlo: return "ehlo";
    case SmtpStage::starttls: return "starttls";
    case SmtpStage::tls: return "tls";
    case SmtpStage::ehlo_in_tls: return "ehlo-in-tls";
  }
  return {};
}

// Why a dialogue ended before its end, which is SmtpStage::ehlo_in_tls.
enum class SmtpTrouble : std::uint8_t {
  none,
  not_allowed,  // a special-use address, which is not dialled
  refused,      // the connection was refused, or there is no route
  timeout,
  closed,    // the server closed the connection
  garbage,   // not SMTP
  too_long,  // more than 64 KiB or 512 lines of replies
  reply,     // the server's reply at this stage is not the one that leads on; it is in the dialogue
  tls,       // the handshake failed
  local,     // this host lacked something
};

constexpr std::string_view words(SmtpTrouble trouble) noexcept {
  switch (trouble) {
    case SmtpTrouble::none: return "none";
    case SmtpTrouble::not_allowed: return "not-allowed";
    case SmtpTrouble::refused: return "refused";
    case SmtpTrouble::timeout: return "timeout";
    case SmtpTrouble::closed: return "closed";
    case SmtpTrouble::garbage: return "garbage";
    case SmtpTrouble::too_long: return "too-long";
    case SmtpTrouble::reply: return "reply";
    case SmtpTrouble::tls: return "tls";
    case SmtpTrouble::local: return "local";
  }
  return {};
}

struct SmtpTlsFacts {
  std::string version;             // "TLSv1.3"
  std::string cipher;              // "TLS_AES_256_GCM_SHA384"
  std::vector<std::string> chain;  // DER, as sent, the leaf first; together at most 16 KiB, else cut
  bool chain_cut = false;          // certificates were left out of chain
  int untrusted = 0;  // PKIX without the name: 0, or OpenSSL's X509_V_ERR_ code, judged on the whole chain
  int untrusted_depth = 0;
  std::string untrusted_words;
  bool asks_for_certificate = false;  // the server wanted one from us
  friend bool operator==(const SmtpTlsFacts&, const SmtpTlsFacts&) = default;
};

struct SmtpDialogue {
  SmtpStage reached = SmtpStage::none;
  SmtpTrouble trouble = SmtpTrouble::none;
  std::string detail;  // the cause in the system's or OpenSSL's words; printable ASCII; empty without trouble
  SmtpReply greeting, ehlo, starttls, ehlo_in_tls;
  std::uint32_t surplus = 0;  // octets that came in the clear behind the reply to STARTTLS; never read as TLS
  // Set once the handshake is done; and if it failed after the server had asked for a certificate.
  std::optional<SmtpTlsFacts> tls;
  SmtpReply helo{};  // HELO is sent only if EHLO was refused with 5xx; the dialogue ends there in any case
  friend bool operator==(const SmtpDialogue&, const SmtpDialogue&) = default;
};

// What of a dialogue contradicts the rest, in words; empty: it can have been held. Smtp hands out no other,
// and judgements rely on that: a good dialogue has its TLS, for example.
std::string_view contradiction_in(const SmtpDialogue& dialogue, bool implicit_tls) noexcept;

struct SmtpRequest {
  Address address;
  std::uint16_t port = 25;
  std::string host;           // the MX host's name, for SNI; empty: none
  bool implicit_tls = false;  // TLS begins at once, as on port 465 (RFC 8314)
  friend bool operator==(const SmtpRequest&, const SmtpRequest&) = default;
};

class Smtp {
 public:
  virtual ~Smtp() = default;
  // Always ends within the configured time. One connection at a time goes to an address; others wait for it.
  // Call and await on the resolve thread only.
  virtual boost::asio::awaitable<SmtpDialogue> talk(SmtpRequest request) = 0;
};

}  // namespace mtasts
