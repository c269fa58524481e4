#include "diagnose/smtp_ending.hpp"

#include <utility>

#include "core/finding.hpp"

namespace mtasts {
namespace {

SmtpEnding good() { return {}; }
SmtpEnding unknown(std::string words) { return {SmtpEnding::Kind::unknown, {}, std::move(words)}; }
SmtpEnding fault(std::string_view code, std::string words) {
  return {SmtpEnding::Kind::fault, code, std::move(words)};
}

std::string reply_words(const SmtpReply& reply) {
  std::string words = std::to_string(reply.code);
  for (const std::string& line : reply.lines) words += ' ' + line;
  return printable(words, 200);
}

std::string detail_of(const SmtpDialogue& dialogue) {
  return dialogue.detail.empty() ? std::string(words(dialogue.trouble)) : printable(dialogue.detail, 200);
}

// The server turns this client away for now, which says nothing about its TLS.
bool turned_away(const SmtpReply& reply) noexcept { return reply.code == 421; }

SmtpEnding not_connected(const SmtpDialogue& dialogue) {
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  if (dialogue.trouble == SmtpTrouble::not_allowed)
    return {SmtpEnding::Kind::unreachable, "mx-private-address", "can't be reached: " + detail_of(dialogue)};
  return {SmtpEnding::Kind::unreachable, "mx-unreachable", "can't be reached: " + detail_of(dialogue)};
}

// The step failed in one of the ways in which every step may fail.
SmtpEnding broken(const SmtpDialogue& dialogue, std::string_view when) {
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  return fault("smtp-broken", "breaks off " + std::string(when) + ": " + detail_of(dialogue));
}

SmtpEnding greeting_ending(const SmtpDialogue& dialogue) {
  if (turned_away(dialogue.greeting)) return unknown("says " + reply_words(dialogue.greeting));
  if (dialogue.trouble == SmtpTrouble::reply)
    return fault("greeting-failed", "greets with " + reply_words(dialogue.greeting));
  if (dialogue.trouble == SmtpTrouble::timeout) return fault("greeting-failed", "sends no greeting in time");
  return broken(dialogue, "before its greeting");
}

SmtpEnding ehlo_ending(const SmtpDialogue& dialogue) {
  if (dialogue.trouble != SmtpTrouble::reply) return broken(dialogue, "after EHLO");
  bool unknown_command = dialogue.ehlo.code == 500 || dialogue.ehlo.code == 502;
  if (!unknown_command) return unknown("answers EHLO with " + reply_words(dialogue.ehlo));
  std::string helo = dialogue.helo.code / 100 == 2 ? ", and accepts HELO alone" : "";
  return fault("ehlo-refused", "answers EHLO with " + reply_words(dialogue.ehlo) + helo);
}

SmtpEnding starttls_ending(const SmtpDialogue& dialogue) {
  if (!offers(dialogue.ehlo, "STARTTLS")) return fault("starttls-missing", "does not offer STARTTLS");
  if (turned_away(dialogue.starttls))
    return unknown("answers STARTTLS with " + reply_words(dialogue.starttls));
  if (dialogue.trouble != SmtpTrouble::reply) return broken(dialogue, "after STARTTLS");
  return fault("starttls-refused", "answers STARTTLS with " + reply_words(dialogue.starttls));
}

bool is_too_old(std::string_view openssl_words) noexcept {
  return openssl_words.contains("unsupported protocol") || openssl_words.contains("protocol version");
}

SmtpEnding handshake_ending(const SmtpDialogue& dialogue) {
  if (dialogue.surplus > 0)
    return fault("starttls-injection", "sends " + std::to_string(dialogue.surplus) +
                                           " octets in the clear behind its reply to STARTTLS");
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  if (wants_certificate(dialogue))
    return fault(
        "client-certificate-required",
        "wants a certificate from the client, and ends the handshake without: " + detail_of(dialogue));
  if (is_too_old(dialogue.detail))
    return fault("tls-too-old", "speaks no TLS 1.2 or 1.3: " + detail_of(dialogue));
  return fault("handshake-failed", "fails in the TLS handshake: " + detail_of(dialogue));
}

// With TLS 1.3 the server learns only after the handshake that the client has no certificate.
SmtpEnding after_handshake(const SmtpDialogue& dialogue, bool implicit_tls) {
  for (const SmtpReply* reply : {&dialogue.greeting, &dialogue.ehlo_in_tls})
    if (turned_away(*reply)) return unknown("says " + reply_words(*reply));
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  bool cut = dialogue.trouble == SmtpTrouble::tls || dialogue.trouble == SmtpTrouble::closed;
  if (cut && wants_certificate(dialogue)) return handshake_ending(dialogue);
  if (implicit_tls && dialogue.ehlo_in_tls.code == 0 && dialogue.trouble == SmtpTrouble::reply)
    return fault("greeting-failed", "greets with " + reply_words(dialogue.greeting));
  return fault("smtp-broken-after-tls", "breaks the session after the handshake: " + detail_of(dialogue));
}

SmtpEnding ending_at_its_stage(const SmtpDialogue& dialogue, bool implicit_tls) {
  switch (dialogue.reached) {
    case SmtpStage::none: return not_connected(dialogue);
    case SmtpStage::connected: return implicit_tls ? handshake_ending(dialogue) : greeting_ending(dialogue);
    case SmtpStage::greeted: return ehlo_ending(dialogue);
    case SmtpStage::ehlo: return starttls_ending(dialogue);
    case SmtpStage::starttls: return handshake_ending(dialogue);
    case SmtpStage::tls: return after_handshake(dialogue, implicit_tls);
    case SmtpStage::ehlo_in_tls: break;
  }
  if (!dialogue.tls) return unknown("what was shown in the TLS handshake is not known");
  if (is_old_tls(dialogue.tls->version)) return fault("tls-too-old", "negotiates " + dialogue.tls->version);
  return good();
}

}  // namespace

bool wants_certificate(const SmtpDialogue& dialogue) noexcept {
  return dialogue.tls && dialogue.tls->asks_for_certificate;
}

bool is_old_tls(std::string_view version) noexcept {
  return version == "TLSv1" || version == "TLSv1.1" || version.starts_with("SSL");
}

SmtpEnding ending_of(const SmtpDialogue& dialogue, bool implicit_tls) {
  SmtpEnding ending = ending_at_its_stage(dialogue, implicit_tls);
  bool waited = dialogue.trouble == SmtpTrouble::timeout && dialogue.reached != SmtpStage::none;
  if (!waited || ending.kind != SmtpEnding::Kind::fault) return ending;
  return unknown(std::move(ending.words) + "; senders wait for minutes, so it may not be too late for them");
}

}  // namespace mtasts
