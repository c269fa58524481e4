#include "diagnose/judge_smtp.hpp"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <utility>

#include "core/catalogue.hpp"
#include "core/time_text.hpp"
#include "diagnose/certificate_faults.hpp"

namespace mtasts {
namespace {

constexpr std::string_view step_name = "smtp";
constexpr std::size_t max_message = 600;

// What a dialogue ended in.
struct Ending {
  enum class Kind { good, unreachable, unknown, fault };
  Kind kind = Kind::good;
  std::string_view code{};  // of a fault
  std::string words{};      // follows the name of the server
};

Ending good() { return {}; }
Ending unknown(std::string words) { return {Ending::Kind::unknown, {}, std::move(words)}; }
Ending fault(std::string_view code, std::string words) {
  return {Ending::Kind::fault, code, std::move(words)};
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

Ending not_connected(const SmtpDialogue& dialogue) {
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  return {Ending::Kind::unreachable, "mx-unreachable", "can't be reached: " + detail_of(dialogue)};
}

// The step failed in one of the ways in which every step may fail.
Ending broken(const SmtpDialogue& dialogue, std::string_view when) {
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  return fault("smtp-broken", "breaks off " + std::string(when) + ": " + detail_of(dialogue));
}

Ending greeting_ending(const SmtpDialogue& dialogue) {
  if (turned_away(dialogue.greeting)) return unknown("says " + reply_words(dialogue.greeting));
  if (dialogue.trouble == SmtpTrouble::reply)
    return fault("greeting-failed", "greets with " + reply_words(dialogue.greeting));
  if (dialogue.trouble == SmtpTrouble::timeout) return fault("greeting-failed", "sends no greeting in time");
  return broken(dialogue, "before its greeting");
}

Ending ehlo_ending(const SmtpDialogue& dialogue) {
  if (dialogue.trouble != SmtpTrouble::reply) return broken(dialogue, "after EHLO");
  bool unknown_command = dialogue.ehlo.code == 500 || dialogue.ehlo.code == 502;
  if (!unknown_command) return unknown("answers EHLO with " + reply_words(dialogue.ehlo));
  std::string helo = dialogue.helo.code / 100 == 2 ? ", and accepts HELO alone" : "";
  return fault("ehlo-refused", "answers EHLO with " + reply_words(dialogue.ehlo) + helo);
}

Ending starttls_ending(const SmtpDialogue& dialogue) {
  if (!offers(dialogue.ehlo, "STARTTLS")) return fault("starttls-missing", "does not offer STARTTLS");
  if (turned_away(dialogue.starttls))
    return unknown("answers STARTTLS with " + reply_words(dialogue.starttls));
  if (dialogue.trouble != SmtpTrouble::reply) return broken(dialogue, "after STARTTLS");
  return fault("starttls-refused", "answers STARTTLS with " + reply_words(dialogue.starttls));
}

bool wants_certificate(const SmtpDialogue& dialogue) noexcept {
  return dialogue.tls && dialogue.tls->asks_for_certificate;
}

bool is_too_old(std::string_view openssl_words) noexcept {
  return openssl_words.contains("unsupported protocol") || openssl_words.contains("protocol version");
}

Ending handshake_ending(const SmtpDialogue& dialogue) {
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

bool is_old(std::string_view version) noexcept {
  return version == "TLSv1" || version == "TLSv1.1" || version.starts_with("SSL");
}

// With TLS 1.3 the server learns only after the handshake that the client has no certificate.
Ending after_handshake(const SmtpDialogue& dialogue, bool implicit_tls) {
  for (const SmtpReply* reply : {&dialogue.greeting, &dialogue.ehlo_in_tls})
    if (turned_away(*reply)) return unknown("says " + reply_words(*reply));
  if (dialogue.trouble == SmtpTrouble::local) return unknown(detail_of(dialogue));
  bool cut = dialogue.trouble == SmtpTrouble::tls || dialogue.trouble == SmtpTrouble::closed;
  if (cut && wants_certificate(dialogue)) return handshake_ending(dialogue);
  if (implicit_tls && dialogue.ehlo_in_tls.code == 0 && dialogue.trouble == SmtpTrouble::reply)
    return fault("greeting-failed", "greets with " + reply_words(dialogue.greeting));
  return fault("smtp-broken-after-tls", "breaks the session after the handshake: " + detail_of(dialogue));
}

Ending ending_of(const SmtpDialogue& dialogue, bool implicit_tls) {
  switch (dialogue.reached) {
    case SmtpStage::none: return not_connected(dialogue);
    case SmtpStage::connected: return implicit_tls ? handshake_ending(dialogue) : greeting_ending(dialogue);
    case SmtpStage::greeted: return ehlo_ending(dialogue);
    case SmtpStage::ehlo: return starttls_ending(dialogue);
    case SmtpStage::starttls: return handshake_ending(dialogue);
    case SmtpStage::tls: return after_handshake(dialogue, implicit_tls);
    case SmtpStage::ehlo_in_tls: break;
  }
  if (dialogue.tls && is_old(dialogue.tls->version))
    return fault("tls-too-old", "negotiates " + dialogue.tls->version);
  return good();
}

// Nobody was reached, and at least one address was dialled in vain.
bool all_blocked(const SmtpFacts& facts) noexcept {
  bool any = false;
  for (const SmtpHostFacts& host : facts.hosts) {
    for (const SmtpAddressFacts& each : host.addresses) {
      SmtpTrouble trouble = each.dialogue.trouble;
      bool in_vain = trouble == SmtpTrouble::refused || trouble == SmtpTrouble::timeout;
      if (each.dialogue.reached != SmtpStage::none || (!in_vain && trouble != SmtpTrouble::local))
        return false;
      any = any || in_vain;
    }
  }
  return any;
}

bool had_handshake(const SmtpDialogue& dialogue) noexcept {
  return dialogue.reached >= SmtpStage::tls && dialogue.tls.has_value();
}

std::string_view leaf_of(const SmtpDialogue& dialogue) noexcept {
  return had_handshake(dialogue) && !dialogue.tls->chain.empty()
             ? std::string_view(dialogue.tls->chain.front())
             : std::string_view();
}

bool dane_accepts(const SmtpAddressFacts& each) noexcept {
  return each.dane.state == DaneVerdict::State::match;
}

// Before TLS, the sender of a mail notices no more than a server that is down.
bool ends_early(std::string_view code) noexcept { return code == "smtp-broken" || code == "greeting-failed"; }

class HostJudge {
 public:
  HostJudge(const SmtpFacts& facts, const SmtpHostFacts& host, Time now, Findings& findings)
      : facts_(facts), host_(host), now_(now), findings_(findings), first_(findings.size()) {
    for (const SmtpAddressFacts& each : host.addresses)
      endings_.push_back(ending_of(each.dialogue, host.implicit_tls));
  }

  CheckStep judge() {
    for (std::size_t i = 0; i < endings_.size(); ++i) judge_ending(i);
    judge_certificates();
    judge_sni();
    judge_differences();
    judge_extras();
    judge_demand();
    return {.step = step_name, .host = host_.name, .state = state(), .words = words()};
  }

 private:
  Where at(const Address* address) const {
    return {.step = step_name,
            .host = host_.name,
            .address = address != nullptr ? to_string(*address) : std::string(),
            .port = host_.port};
  }
  // "mx.example[203.0.113.1]", as Postfix writes it.
  std::string server(const Address* address) const {
    return address != nullptr ? host_.name + '[' + to_string(*address) + ']' : host_.name;
  }

  Finding& add(std::string_view code, const Address* address, const std::string& words,
               std::string evidence = {}) {
    std::string message = printable(server(address) + ' ' + words, max_message);
    findings_.push_back(
        make_finding(code, std::move(message), at(address), printable(evidence, max_message)));
    return findings_.back();
  }

  bool policy_demands() const { return !host_.mode || *host_.mode == Mode::enforce; }
  static void soften(Finding& finding) { finding.severity = std::min(finding.severity, Severity::warning); }

  // Adds a fault, which makes delivery fail if anything demands TLS.
  void add_fault(std::string_view code, const Address& address, const std::string& words) {
    Finding& finding = add(code, &address, words);
    if (!policy_demands() && !host_.dane) soften(finding);
    note_failure(finding.message, false);
  }

  // Keeps the first failure for judge_demand().
  void note_failure(const std::string& message, bool only_pkix) {
    if (!failure_.empty()) return;
    failure_ = message;
    only_pkix_ = only_pkix;
  }

  bool any_reached() const {
    return std::ranges::any_of(host_.addresses,
                               [](const auto& each) { return each.dialogue.reached != SmtpStage::none; });
  }

  // An address that offers STARTTLS; nullptr: none does.
  const Address* offering() const {
    for (const SmtpAddressFacts& each : host_.addresses)
      if (offers(each.dialogue.ehlo, "STARTTLS")) return &each.address;
    return nullptr;
  }

  void judge_ending(std::size_t i) {
    const Address& address = host_.addresses[i].address;
    const Ending& ending = endings_[i];
    if (ending.kind == Ending::Kind::unreachable) {
      bool other = address.v6 && any_reached();
      add(other ? "mx-ipv6-unreachable" : ending.code, &address, ending.words);
    }
    if (ending.kind != Ending::Kind::fault) return;
    const Address* other = offering();
    if (ending.code == "starttls-missing" && other != nullptr)
      return add_fault("starttls-differs", address,
                       "does not offer STARTTLS, but at " + to_string(*other) + " it does");
    if (ends_early(ending.code))
      add(ending.code, &address, ending.words);
    else
      add_fault(ending.code, address, ending.words);
  }

  // For each certificate that was shown, the first address that showed it.
  std::vector<const SmtpAddressFacts*> shown() const {
    std::vector<const SmtpAddressFacts*> found;
    for (const SmtpAddressFacts& each : host_.addresses) {
      bool known = std::ranges::any_of(found, [&](const SmtpAddressFacts* other) {
        return leaf_of(other->dialogue) == leaf_of(each.dialogue);
      });
      if (had_handshake(each.dialogue) && !known) found.push_back(&each);
    }
    return found;
  }

  void judge_certificates() {
    auto certificates = shown();
    for (const SmtpAddressFacts* each : certificates)
      judge_certificate(*each, certificates.size() == 1 ? nullptr : &each->address);
  }

  void judge_certificate(const SmtpAddressFacts& each, const Address* address) {
    for (const CertificateFault& what :
         certificate_faults(*each.dialogue.tls, host_.name, facts_.domain, facts_.warn_days, now_)) {
      std::string message = "has a certificate that " + what.words;
      if (what.fatal)
        note_failure(printable(server(address) + ' ' + message, max_message), dane_accepts(each));
      if (!judged_by_pkix(each, what)) continue;
      Finding& finding = add(what.code, address, message, what.evidence);
      if (what.fatal && policy_demands()) finding.severity = Severity::error;
      if (!policy_demands()) soften(finding);
    }
  }

  // With usage 3 a certificate's date does not count; with usage 2 it does, and a weak one may be refused.
  static bool judged_by_pkix(const SmtpAddressFacts& each, const CertificateFault& what) {
    if (!dane_accepts(each)) return true;
    return !each.dane.matched.starts_with('3') && !what.fatal;
  }

  void judge_sni() {
    for (const SmtpAddressFacts& each : host_.addresses) {
      if (!each.without_sni || !had_handshake(*each.without_sni)) continue;
      std::string_view with = leaf_of(each.dialogue), without = leaf_of(*each.without_sni);
      auto other = read_certificate(without);
      if (with.empty() || with == without || (other && names_host(*other, host_.name))) continue;
      std::string subject = other ? other->subject : "not readable";
      add("certificate-depends-on-sni", &each.address,
          "shows another certificate to clients that do not send SNI: " + subject);
      return;
    }
  }

  bool faultless(const SmtpAddressFacts& each) const {
    return certificate_faults(*each.dialogue.tls, host_.name, facts_.domain, facts_.warn_days, now_).empty();
  }

  // Certificates that are all good may be renewed at their own times, on purpose.
  void judge_differences() {
    auto certificates = shown();
    if (certificates.size() < 2) return;
    Finding& finding = add("certificates-differ", &certificates[1]->address,
                           "shows another certificate than " + to_string(certificates[0]->address));
    if (std::ranges::all_of(certificates,
                            [this](const auto* each) { return dane_accepts(*each) || faultless(*each); }))
      finding.severity = Severity::info;
  }

  void judge_extras() {
    for (std::size_t i = 0; i < endings_.size(); ++i) {
      const auto& [address, dialogue, without_sni, dane] = host_.addresses[i];
      if (endings_[i].kind == Ending::Kind::good && wants_certificate(dialogue))
        add("client-certificate-required", &address, "asks for a client certificate, but goes on without one")
            .severity = Severity::info;
      if (offers(dialogue.ehlo, "AUTH")) add("auth-in-clear", &address, "offers AUTH before STARTTLS");
    }
  }

  void judge_demand() {
    bool covered = host_.mode && *host_.mode != Mode::none;
    if (!covered || failure_.empty()) return;
    std::string why = "is covered by the policy, but fails it: " + failure_;
    if (only_pkix_) why = "passes DANE, but senders that know only MTA-STS refuse it: " + failure_;
    Finding& finding = add("mx-in-policy-fails-tls", nullptr, why);
    if (only_pkix_ || !policy_demands()) soften(finding);
  }

  bool any(Ending::Kind kind) const {
    return std::ranges::find(endings_, kind, &Ending::kind) != endings_.end();
  }

  // Without IPv6 here, a server is judged by its other addresses.
  bool is_spared(std::size_t i) const {
    return host_.addresses[i].dialogue.trouble == SmtpTrouble::local && host_.addresses[i].address.v6 &&
           any(Ending::Kind::good);
  }

  bool any_unknown() const {
    for (std::size_t i = 0; i < endings_.size(); ++i)
      if (endings_[i].kind == Ending::Kind::unknown && !is_spared(i)) return true;
    return false;
  }

  StepState state() const {
    if (host_.addresses.empty()) return StepState::not_asked;
    if (findings_.size() > first_) return StepState::found;
    return any_unknown() ? StepState::unknown : StepState::ok;
  }

  std::string words() const {
    if (host_.addresses.empty()) return "no address to connect to";
    std::string text;
    for (std::size_t i = 0; i < endings_.size(); ++i) {
      if (!text.empty()) text += "; ";
      text +=
          to_string(host_.addresses[i].address) + ' ' + words_of(host_.addresses[i].dialogue, endings_[i]);
    }
    return printable(text, 1000);
  }

  static std::string words_of(const SmtpDialogue& dialogue, const Ending& ending) {
    if (ending.kind != Ending::Kind::good) return ending.words;
    auto leaf = read_certificate(leaf_of(dialogue));
    return dialogue.tls->version +
           (leaf ? ", certificate until " + utc_text(leaf->not_after) : std::string());
  }

  const SmtpFacts& facts_;
  const SmtpHostFacts& host_;
  Time now_;
  Findings& findings_;
  std::size_t first_;  // of the findings, which are this host's from here on
  std::vector<Ending> endings_;
  std::string failure_;     // why verification fails at one of the addresses
  bool only_pkix_ = false;  // and DANE accepts the certificate
};

// Whether the mail must wait because of dialogues that end before TLS is spoken of.
bool nobody_takes_mail(const SmtpFacts& facts) {
  bool any = false;
  for (const SmtpHostFacts& host : facts.hosts) {
    for (const SmtpAddressFacts& each : host.addresses) {
      Ending ending = ending_of(each.dialogue, host.implicit_tls);
      bool is_fault = ending.kind == Ending::Kind::fault && ends_early(ending.code);
      if (!is_fault && ending.kind != Ending::Kind::unreachable) return false;
      any = any || is_fault;
    }
  }
  return any;
}

Judgement all_unknown(const SmtpFacts& facts) {
  Judgement judgement;
  for (const SmtpHostFacts& host : facts.hosts) {
    bool asked = !host.addresses.empty();
    judgement.steps.push_back({.step = step_name,
                               .host = host.name,
                               .state = asked ? StepState::unknown : StepState::not_asked,
                               .words = asked ? "nobody can be reached: port " + std::to_string(host.port) +
                                                    " may be blocked where you are"
                                              : "no address to connect to"});
  }
  return judgement;
}

}  // namespace

std::string not_seen(const SmtpHostFacts& host) {
  bool any_good = std::ranges::any_of(host.addresses, [&](const SmtpAddressFacts& each) {
    return ending_of(each.dialogue, host.implicit_tls).kind == Ending::Kind::good;
  });
  for (const auto& [address, dialogue, without_sni, dane] : host.addresses) {
    Ending ending = ending_of(dialogue, host.implicit_tls);
    bool spared = address.v6 && any_good && dialogue.reached == SmtpStage::none;
    bool early = ending.kind == Ending::Kind::fault && ends_early(ending.code);
    bool open = ending.kind == Ending::Kind::unreachable || ending.kind == Ending::Kind::unknown || early;
    if (!open || spared) continue;
    std::string_view mark = dialogue.trouble == SmtpTrouble::local ? ": " : " ";
    return printable(host.name + '[' + to_string(address) + ']' + std::string(mark) + ending.words,
                     max_message);
  }
  return {};
}

Judgement judge_smtp(const SmtpFacts& facts, Time now) {
  if (all_blocked(facts)) return all_unknown(facts);
  Judgement judgement;
  for (const SmtpHostFacts& host : facts.hosts)
    judgement.steps.push_back(HostJudge(facts, host, now, judgement.findings).judge());
  if (nobody_takes_mail(facts))
    for (Finding& each : judgement.findings)
      if (ends_early(each.code)) each.severity = Severity::error;
  return judgement;
}

}  // namespace mtasts
