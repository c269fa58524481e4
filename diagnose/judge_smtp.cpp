#include "diagnose/judge_smtp.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string_view>
#include <utility>

#include "core/catalogue.hpp"
#include "core/time_text.hpp"
#include "diagnose/certificate_faults.hpp"
#include "diagnose/smtp_ending.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_message = 600;

bool not_dialled(const SmtpAddressFacts& each) noexcept {
  return each.dialogue.trouble == SmtpTrouble::not_allowed;
}

// Nobody was reached, and at least one address was dialled in vain.
bool all_blocked(const SmtpFacts& facts) noexcept {
  bool any = false;
  for (const SmtpHostFacts& host : facts.hosts) {
    for (const SmtpAddressFacts& each : host.addresses) {
      if (not_dialled(each)) continue;
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
    return {.step = facts_.step, .host = host_.name, .state = state(), .words = words()};
  }

 private:
  Where at(const Address* address) const {
    return {.step = facts_.step,
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
    const SmtpEnding& ending = endings_[i];
    if (ending.kind == SmtpEnding::Kind::unreachable) {
      bool other = address.v6 && any_reached() && !not_dialled(host_.addresses[i]);
      add(other ? "mx-ipv6-unreachable" : ending.code, &address, ending.words);
    }
    if (ending.kind != SmtpEnding::Kind::fault) return;
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

  bool is_covered() const { return host_.mode && *host_.mode != Mode::none; }

  // With usage 3 a certificate's date does not count for DANE, but it does for senders that know only
  // MTA-STS; with usage 2 it does for both, and a weak one may be refused. What is fatal already
  // judge_demand() tells.
  bool judged_by_pkix(const SmtpAddressFacts& each, const CertificateFault& what) const {
    if (!dane_accepts(each)) return true;
    return !what.fatal && (is_covered() || !each.dane.matched.starts_with('3'));
  }

  // Only whether the server is right counts: it may have several certificates that are.
  void judge_sni() {
    for (const SmtpAddressFacts& each : host_.addresses) {
      if (!each.without_sni || leaf_of(each.dialogue).empty() || leaf_of(*each.without_sni).empty()) continue;
      if (dane_accepts(each)) continue;  // who does DANE sends SNI, and the others verify nothing
      auto with = first_fatal(*each.dialogue.tls), without = first_fatal(*each.without_sni->tls);
      if (with.has_value() == without.has_value()) continue;
      std::string what =
          without ? "shows a certificate that " + without->words + ", to clients that do not send SNI"
                  : "shows a good certificate only to clients that do not send SNI";
      add("certificate-depends-on-sni", &each.address,
          what +
              "; senders that follow MTA-STS or DANE send it, but others, such as Postfix without a policy, "
              "do not",
          without ? without->evidence : with->evidence);
    }
  }

  // The first fault for which PKIX refuses a chain.
  std::optional<CertificateFault> first_fatal(const SmtpTlsFacts& tls) const {
    for (CertificateFault& each : certificate_faults(tls, host_.name, facts_.domain, facts_.warn_days, now_))
      if (each.fatal) return std::move(each);
    return std::nullopt;
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
      if (endings_[i].kind == SmtpEnding::Kind::good && wants_certificate(dialogue))
        add("client-certificate-required", &address, "asks for a client certificate, but goes on without one")
            .severity = Severity::info;
      if (offers(dialogue.ehlo, "AUTH")) add("auth-in-clear", &address, "offers AUTH before STARTTLS");
    }
  }

  void judge_demand() {
    if (!is_covered() || failure_.empty()) return;
    std::string why = "is covered by the policy, but fails it: " + failure_;
    if (only_pkix_) why = "passes DANE, but senders that know only MTA-STS refuse it: " + failure_;
    Finding& finding = add("mx-in-policy-fails-tls", nullptr, why);
    if (only_pkix_ || !policy_demands()) soften(finding);
  }

  bool any(SmtpEnding::Kind kind) const {
    return std::ranges::find(endings_, kind, &SmtpEnding::kind) != endings_.end();
  }

  // Without IPv6 here, a server is judged by its other addresses.
  bool is_spared(std::size_t i) const {
    return host_.addresses[i].dialogue.trouble == SmtpTrouble::local && host_.addresses[i].address.v6 &&
           any(SmtpEnding::Kind::good);
  }

  bool any_unknown() const {
    for (std::size_t i = 0; i < endings_.size(); ++i)
      if (endings_[i].kind == SmtpEnding::Kind::unknown && !is_spared(i)) return true;
    return false;
  }

  StepState state() const {
    if (host_.addresses.empty()) return StepState::not_asked;
    if (any_fault(findings_, first_)) return StepState::found;
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
    if (host_.left_out > 0) text += "; further addresses not asked: " + std::to_string(host_.left_out);
    return printable(text, 1000);
  }

  static std::string words_of(const SmtpDialogue& dialogue, const SmtpEnding& ending) {
    if (ending.kind != SmtpEnding::Kind::good) return ending.words;
    auto leaf = read_certificate(leaf_of(dialogue));
    return dialogue.tls->version +
           (leaf ? ", certificate until " + utc_text(leaf->not_after) : std::string());
  }

  const SmtpFacts& facts_;
  const SmtpHostFacts& host_;
  Time now_;
  Findings& findings_;
  std::size_t first_;  // of the findings, which are this host's from here on
  std::vector<SmtpEnding> endings_;
  std::string failure_;     // why verification fails at one of the addresses
  bool only_pkix_ = false;  // and DANE accepts the certificate
};

// Whether the mail must wait because of dialogues that end before TLS is spoken of.
bool nobody_takes_mail(const SmtpFacts& facts) {
  bool any = false;
  for (const SmtpHostFacts& host : facts.hosts) {
    for (const SmtpAddressFacts& each : host.addresses) {
      SmtpEnding ending = ending_of(each.dialogue, host.implicit_tls);
      bool is_fault = ending.kind == SmtpEnding::Kind::fault && ends_early(ending.code);
      if (!is_fault && ending.kind != SmtpEnding::Kind::unreachable) return false;
      any = any || is_fault;
    }
  }
  return any;
}

// Whether every address of every host is one that the internet can't reach.
bool all_private(const SmtpFacts& facts) {
  bool any = false;
  for (const SmtpHostFacts& host : facts.hosts) {
    if (!std::ranges::all_of(host.addresses, not_dialled)) return false;
    any = any || !host.addresses.empty();
  }
  return any && facts.further.empty();
}

// Whether a server sent this client away by its greeting, perhaps because of its address.
bool sent_away(const SmtpAddressFacts& each) noexcept {
  return each.dialogue.reached <= SmtpStage::connected && each.dialogue.trouble == SmtpTrouble::reply;
}

bool any_sent_away(const SmtpHostFacts& host) { return std::ranges::any_of(host.addresses, sent_away); }

// Nobody took this client in, which is a fault only if no server did so because of who it is.
void judge_together(const SmtpFacts& facts, Judgement& judgement) {
  if (!std::ranges::any_of(facts.hosts, any_sent_away)) {
    for (Finding& each : judgement.findings)
      if (ends_early(each.code)) each.severity = Severity::error;
    return;
  }
  for (std::size_t i = 0; i < facts.hosts.size(); ++i)
    if (any_sent_away(facts.hosts[i])) judgement.steps[i].state = StepState::unknown;
}

void add_further(const SmtpFacts& facts, Judgement& judgement) {
  if (facts.further.empty()) return;
  std::string names;
  for (const std::string& each : facts.further | std::views::take(5))
    names += (names.empty() ? "" : ", ") + each;
  if (facts.further.size() > 5) names += ", ...";
  judgement.steps.push_back(
      {.step = facts.step,
       .state = StepState::unknown,
       .words = printable(std::to_string(facts.further.size()) +
                              " more MX hosts were not asked, because the domain has too many: " + names,
                          max_message)});
}

// What is known of addresses even if nobody could be reached.
void add_private(const SmtpFacts& facts, Time now, Judgement& judgement) {
  Findings all;
  for (const SmtpHostFacts& host : facts.hosts) HostJudge(facts, host, now, all).judge();
  std::ranges::copy_if(all, std::back_inserter(judgement.findings),
                       [](const Finding& each) { return each.code == "mx-private-address"; });
}

Judgement all_unknown(const SmtpFacts& facts) {
  Judgement judgement;
  for (const SmtpHostFacts& host : facts.hosts) {
    bool asked = !host.addresses.empty();
    judgement.steps.push_back({.step = facts.step,
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
    return ending_of(each.dialogue, host.implicit_tls).kind == SmtpEnding::Kind::good;
  });
  for (const auto& [address, dialogue, without_sni, dane] : host.addresses) {
    SmtpEnding ending = ending_of(dialogue, host.implicit_tls);
    bool spared = address.v6 && any_good && dialogue.reached == SmtpStage::none;
    bool early = ending.kind == SmtpEnding::Kind::fault && ends_early(ending.code);
    bool open =
        ending.kind == SmtpEnding::Kind::unreachable || ending.kind == SmtpEnding::Kind::unknown || early;
    if (!open || spared) continue;
    std::string_view mark = dialogue.trouble == SmtpTrouble::local ? ": " : " ";
    return printable(host.name + '[' + to_string(address) + ']' + std::string(mark) + ending.words,
                     max_message);
  }
  return {};
}

Judgement judge_smtp(const SmtpFacts& facts, Time now) {
  if (all_blocked(facts)) {
    Judgement judgement = all_unknown(facts);
    add_private(facts, now, judgement);
    add_further(facts, judgement);
    return judgement;
  }
  Judgement judgement;
  for (const SmtpHostFacts& host : facts.hosts)
    judgement.steps.push_back(HostJudge(facts, host, now, judgement.findings).judge());
  if (nobody_takes_mail(facts)) judge_together(facts, judgement);
  if (all_private(facts))
    for (Finding& each : judgement.findings)
      if (each.code == "mx-private-address") each.severity = Severity::error;
  add_further(facts, judgement);
  return judgement;
}

}  // namespace mtasts
