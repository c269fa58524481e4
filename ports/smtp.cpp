#include "ports/smtp.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace mtasts {
namespace {

using Text = std::string_view;

bool leads_on(const SmtpReply& reply) noexcept { return reply.code / 100 == 2; }

bool is_code(unsigned code) noexcept { return code == 0 || (code >= 200 && code <= 599); }

// reply: that by which a stage is reached, after the stage before it. said_no: the dialogue may have ended
// there because the reply says no.
Text contradiction_at(const SmtpDialogue& dialogue, SmtpStage before, SmtpStage stage,
                      const SmtpReply& reply) noexcept {
  if (dialogue.reached >= stage) return leads_on(reply) ? Text() : "a stage was reached without its reply";
  bool said_no = dialogue.reached == before && dialogue.trouble == SmtpTrouble::reply && !leads_on(reply);
  return reply.code == 0 || said_no ? Text() : "a reply does not fit the stage that was reached";
}

Text contradiction_in_replies(const SmtpDialogue& dialogue) noexcept {
  using enum SmtpStage;
  auto greets = contradiction_at(dialogue, connected, greeted, dialogue.greeting);
  if (!greets.empty()) return greets;
  bool refused = dialogue.ehlo.code / 100 == 5;
  if (dialogue.helo.code != 0 && !refused) return "HELO was sent although EHLO was not refused";
  auto known = contradiction_at(dialogue, greeted, SmtpStage::ehlo, dialogue.ehlo);
  if (!known.empty()) return known;
  auto agreed = contradiction_at(dialogue, SmtpStage::ehlo, SmtpStage::starttls, dialogue.starttls);
  if (!agreed.empty()) return agreed;
  return contradiction_at(dialogue, tls, SmtpStage::ehlo_in_tls, dialogue.ehlo_in_tls);
}

// The greeting comes within TLS, and has no stage of its own.
Text contradiction_in_implicit(const SmtpDialogue& dialogue) noexcept {
  using enum SmtpStage;
  if (dialogue.reached == greeted || dialogue.reached == SmtpStage::ehlo ||
      dialogue.reached == SmtpStage::starttls)
    return "a stage was reached that implicit TLS does not have";
  if (dialogue.ehlo.code != 0 || dialogue.starttls.code != 0 || dialogue.helo.code != 0)
    return "a reply came in the clear before implicit TLS";
  if (dialogue.greeting.code != 0 && dialogue.reached < tls) return "the greeting came before implicit TLS";
  if (dialogue.ehlo_in_tls.code != 0 && !leads_on(dialogue.greeting)) return "EHLO came before the greeting";
  if (leads_on(dialogue.greeting) || dialogue.reached == SmtpStage::ehlo_in_tls)
    return contradiction_at(dialogue, tls, SmtpStage::ehlo_in_tls, dialogue.ehlo_in_tls);
  return {};
}

Text contradiction_in_trouble(const SmtpDialogue& dialogue) noexcept {
  using enum SmtpTrouble;
  bool at_end = dialogue.reached == SmtpStage::ehlo_in_tls;
  if (at_end != (dialogue.trouble == none)) return "there is trouble at its end, or none before it";
  bool dialled = dialogue.reached != SmtpStage::none;
  switch (dialogue.trouble) {
    case not_allowed:
    case refused: return dialled ? "the connection was made and refused" : "";
    case closed:
    case garbage:
    case too_long:
    case reply:
    case tls: return dialled ? "" : "there is trouble with a server that was not reached";
    case none:
    case timeout:
    case local: break;
  }
  return {};
}

Text contradiction_in_tls(const SmtpDialogue& dialogue, bool implicit_tls) noexcept {
  SmtpStage before = implicit_tls ? SmtpStage::connected : SmtpStage::starttls;
  if (dialogue.surplus > 0 &&
      (implicit_tls || dialogue.reached != before || dialogue.trouble != SmtpTrouble::reply || dialogue.tls))
    return "octets behind the reply to STARTTLS do not end it";
  if (dialogue.reached >= SmtpStage::tls)
    return dialogue.tls ? "" : "the handshake was done, but tls is null";
  bool failed = dialogue.reached == before && dialogue.trouble != SmtpTrouble::reply;
  if (dialogue.tls && !(failed && dialogue.tls->asks_for_certificate))
    return "there is tls without a handshake";
  return dialogue.trouble == SmtpTrouble::tls && !failed ? "the handshake failed before it began" : "";
}

}  // namespace

bool offers(const SmtpReply& ehlo, std::string_view extension) noexcept {
  auto names_it = [extension](std::string_view line) {
    line = trim_front(line);
    return equal_folded(line.substr(0, line.find_first_of(" \t=")), extension);
  };
  return ehlo.lines.size() > 1 && std::any_of(ehlo.lines.begin() + 1, ehlo.lines.end(), names_it);
}

std::string_view contradiction_in(const SmtpDialogue& dialogue, bool implicit_tls) noexcept {
  for (const SmtpReply* reply :
       {&dialogue.greeting, &dialogue.ehlo, &dialogue.starttls, &dialogue.ehlo_in_tls, &dialogue.helo})
    if (!is_code(reply->code)) return "a reply has a code that is not from 200 to 599";
  if (auto what = contradiction_in_trouble(dialogue); !what.empty()) return what;
  if (auto what = contradiction_in_tls(dialogue, implicit_tls); !what.empty()) return what;
  return implicit_tls ? contradiction_in_implicit(dialogue) : contradiction_in_replies(dialogue);
}

}  // namespace mtasts
