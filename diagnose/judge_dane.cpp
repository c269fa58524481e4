#include "diagnose/judge_dane.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <span>

#include "core/catalogue.hpp"
#include "core/time_text.hpp"
#include "core/tlsa.hpp"
#include "core/tlsa_lint.hpp"
#include "x509/certificate.hpp"

namespace mtasts {
namespace {

using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;
using Verdict = DaneVerdict::State;

constexpr std::string_view step_name = "dane";
constexpr std::size_t max_linted = 20;   // records of one host that are judged one by one
constexpr std::size_t max_shown = 3;     // records that a message lists
constexpr std::size_t max_record = 160;  // octets; a SHA2-512 digest has 134

// Whether a host has TLSA records that count.
enum class Presence { unknown, none, there };

Where at_host(const std::string& host, std::string address = {}) {
  return {.step = step_name, .host = printable(host, 253), .address = std::move(address)};
}

// The text of a record of any length.
std::string record_text(std::string_view rdata) {
  if (auto tlsa = decode_tlsa(rdata)) return tlsa_text(*tlsa);
  std::string text;
  for (char c : rdata) text += std::to_string(static_cast<unsigned>(static_cast<unsigned char>(c))) + ' ';
  return text;
}

bool is_usable(std::string_view rdata) noexcept {
  auto tlsa = decode_tlsa(rdata);
  return tlsa && why_unusable(*tlsa).empty();
}

unsigned usage_of(std::string_view rdata) noexcept { return static_cast<unsigned char>(rdata[0]); }
unsigned selector_of(std::string_view rdata) noexcept { return static_cast<unsigned char>(rdata[1]); }

std::vector<std::string> usable_of(const std::vector<std::string>& records) {
  std::vector<std::string> usable;
  std::ranges::copy_if(records, std::back_inserter(usable), is_usable);
  return usable;
}

// "3 1 1 2bb1…, 2 1 1 90ab…", for a message.
std::string list_of(std::span<const std::string> records) {
  std::string list;
  for (const std::string& rdata : records.first(std::min(records.size(), max_shown)))
    list += (list.empty() ? "" : ", ") + printable(record_text(rdata), max_record);
  return records.size() > max_shown ? list + ", ..." : list;
}

std::string count_of(std::size_t count) {
  return count == 1 ? "1 TLSA record" : std::to_string(count) + " TLSA records";
}

// Equal chains are judged once, for all addresses that show them.
struct Shown {
  const SeenChain* seen;
  std::string addresses;  // "192.0.2.1 and 2001:db8::1"
};

std::vector<Shown> distinct(const std::vector<SeenChain>& chains) {
  std::vector<Shown> all;
  for (const SeenChain& each : chains) {
    auto same = [&](const Shown& shown) {
      return shown.seen->chain == each.chain && shown.seen->cut == each.cut;
    };
    auto found = std::ranges::find_if(all, same);
    if (found == all.end()) {
      all.push_back({&each, each.address});
    } else {
      found->addresses += " and " + each.address;
    }
  }
  return all;
}

// Judges one MX host.
class HostJudge {
 public:
  HostJudge(const DaneFacts& facts, const DaneHostFacts& host, Time now)
      : facts_(facts), host_(host), now_(now), step_{.step = step_name, .host = printable(host.host, 253)} {}

  Presence judge() {
    Presence presence = judge_answers();
    auto weighs = [](const Finding& finding) { return finding.severity != Severity::info; };
    if (std::ranges::any_of(findings_, weighs)) step_.state = StepState::found;
    return presence;
  }

  void move_to(Judgement& judgement) {
    judgement.steps.push_back(std::move(step_));
    std::ranges::move(findings_, std::back_inserter(judgement.findings));
  }

 private:
  void add(std::string_view code, std::string message, std::string address = {}, std::string evidence = {}) {
    findings_.push_back(
        make_finding(code, std::move(message), at_host(host_.host, std::move(address)), std::move(evidence)));
  }
  void end(StepState state, std::string words) {
    step_.state = state;
    step_.words = printable(words, 300);
  }
  // The same, where it settles what the host has.
  Presence end(StepState state, std::string words, Presence presence) {
    end(state, std::move(words));
    return presence;
  }
  std::string name() const { return printable(host_.host, 253); }
  std::string tlsa_owner() const { return printable(tlsa_name(25, host_.base), 253); }

  Presence judge_answers() {
    using enum AddressFinding::State;
    switch (host_.addresses.state) {
      case none: return end(StepState::not_asked, "the host has no address", Presence::unknown);
      case failed: return judge_failed_addresses();
      case insecure: return judge_unsigned();
      case secure:
      case alias: break;
    }
    if (!host_.tlsa) return end(StepState::not_asked, "TLSA records were not asked for", Presence::unknown);
    return judge_signed(*host_.tlsa);
  }

  Presence judge_failed_addresses() {
    if (host_.addresses.bogus)
      add("dnssec-bogus", "the addresses of " + name() +
                              " fail DNSSEC validation: " + printable(host_.addresses.detail, 300));
    return end(StepState::unknown, host_.addresses.detail, Presence::unknown);
  }

  // Senders do not ask for TLSA records here, so that only records are worth a word (DANE-13).
  Presence judge_unsigned() {
    bool records = host_.tlsa && host_.tlsa->kind == Kind::data && host_.tlsa->security != Security::bogus;
    if (records) add_unsigned(*host_.tlsa);
    return end(StepState::ok, "no DANE: the zone of the host is not signed", Presence::none);
  }

  void add_unsigned(const DnsAnswer& answer) {
    add("tlsa-unsigned",
        name() + " has " + count_of(answer.rdata.size()) +
            ", but its zone is not signed with DNSSEC, so that senders ignore them",
        {}, tlsa_owner() + " TLSA " + list_of(answer.rdata));
  }

  Presence judge_signed(const DnsAnswer& answer) {
    if (is_failure(answer)) return judge_failure(answer);
    if (answer.kind != Kind::data) return end(StepState::ok, "no TLSA records", Presence::none);
    if (answer.security != Security::secure) {
      add_unsigned(answer);
      return end(StepState::ok, "TLSA records in a zone that is not signed", Presence::none);
    }
    judge_records(answer.rdata);
    return Presence::there;
  }

  Presence judge_failure(const DnsAnswer& answer) {
    std::string cause = printable(failure_words(RrType::tlsa, tlsa_owner(), answer), 400);
    if (answer.local || !answer.validated) return end(StepState::unknown, cause, Presence::unknown);
    if (answer.security == Security::bogus) {
      add("dnssec-bogus",
          "the answer about TLSA records of " + name() +
              " fails DNSSEC validation, so that mail from senders with DANE waits",
          {}, cause);
    } else {
      add("tlsa-lookup-failed",
          "whether " + name() +
              " has TLSA records can't be learned, so that mail from senders with DANE waits, even if it has "
              "none",
          {}, cause);
    }
    return end(StepState::unknown, cause, Presence::unknown);
  }

  void judge_records(const std::vector<std::string>& records) {
    auto usable = usable_of(records);
    lint(records, usable);
    if (usable.empty()) return add_unusable(records, reasons(records));
    for (const Shown& shown : distinct(host_.chains)) judge_chain(shown, records, usable);
    if (unreadable_)
      return add_unusable(records, "they hold what OpenSSL can't read as a certificate or key");
    end_by_chains(count_of(records.size()), records.size() > 1);
    if (failed_ && host_.sts_accepts == true)
      add("dane-contradicts-sts",
          "senders with DANE refuse " + name() +
              ", though it is good by MTA-STS: DANE goes before MTA-STS for those who do both");
    if (!matched_.empty() && usable.size() == 1 && usage_of(usable.front()) == 3)
      add("tlsa-no-rollover",
          name() +
              " has one usable TLSA record; when the key changes, there is none that matches until the new "
              "one is known everywhere",
          {}, tlsa_owner() + " TLSA " + list_of(usable));
  }

  void add_unusable(const std::vector<std::string>& records, const std::string& why) {
    end(StepState::ok, "no usable TLSA record");
    add("tlsa-unusable", "no TLSA record of " + name() + " is usable: " + why, {},
        tlsa_owner() + " TLSA " + list_of(records));
  }

  std::string fault_words(bool several) const {
    if (!fault_.empty()) return std::string(fault_);
    return several ? "matches none of them" : "does not match it";
  }

  void end_by_chains(const std::string& count, bool several) {
    if (host_.chains.empty()) return end(StepState::unknown, count + "; no certificate was seen");
    if (failed_) return end(StepState::found, count + "; the certificate " + fault_words(several));
    if (undecided_) return end(StepState::unknown, count + "; the chain was not seen whole");
    end(StepState::ok, count + "; the certificate matches " + matched_);
  }

  std::string reasons(const std::vector<std::string>& records) const {
    std::string all;
    for (const std::string& rdata : std::span(records).first(std::min(records.size(), max_shown))) {
      auto tlsa = decode_tlsa(rdata);
      std::string why(tlsa ? why_unusable(*tlsa) : "the record is too short");
      all += (all.empty() ? "" : "; ") + printable(record_text(rdata), 30) + ": " + why;
    }
    return all;
  }

  // What lint says of each record. An unusable record is ignored beside a usable one, so it does no harm
  // there. What lint fears for a trust anchor can be seen in the chain.
  void lint(const std::vector<std::string>& records, const std::vector<std::string>& usable) {
    auto whole = [](const std::string& rdata) { return usage_of(rdata) == 3 && selector_of(rdata) == 0; };
    bool only_whole = std::ranges::all_of(usable, whole);
    for (const std::string& rdata : std::span(records).first(std::min(records.size(), max_linted))) {
      TlsaLint linted = lint_tlsa(record_text(rdata));
      for (Finding& finding : linted.findings) {
        if (finding.code == "ta-in-chain" || (finding.code == "whole-certificate" && !only_whole)) continue;
        if (finding.severity == Severity::error && !usable.empty()) finding.severity = Severity::warning;
        finding.where = at_host(host_.host);
        finding.evidence = tlsa_owner() + " TLSA " + printable(record_text(rdata), max_record);
        findings_.push_back(std::move(finding));
      }
    }
  }

  void judge_chain(const Shown& shown, const std::vector<std::string>& records,
                   const std::vector<std::string>& usable) {
    const auto& chain = shown.seen->chain;
    DaneVerdict verdict = verify_dane(chain, records, dane_names(host_.base, facts_), now_);
    switch (verdict.state) {
      case Verdict::match: matched_ = verdict.matched; return judge_dates_and_name(shown, verdict);
      case Verdict::bad_name: return add_bad_name(shown);
      case Verdict::no_match: return judge_mismatch(shown, verdict, usable);
      case Verdict::no_usable: unreadable_ = true; return;
      case Verdict::not_judged: undecided_ = true; return;
    }
  }

  void judge_mismatch(const Shown& shown, const DaneVerdict& verdict,
                      const std::vector<std::string>& usable) {
    auto anchors = std::ranges::count(usable, 2U, usage_of);
    if (shown.seen->cut && anchors > 0) {  // the trust anchor may have been cut off
      undecided_ = true;
      return;
    }
    failed_ = true;
    auto leaf = read_certificate(shown.seen->chain.front());
    bool leaf_alone = shown.seen->chain.size() == 1 && leaf && !leaf->self_signed;
    bool all_anchors = static_cast<std::size_t>(anchors) == usable.size();
    if (verdict.error != X509_V_ERR_DANE_NO_MATCH) {
      fault_ = "is refused";
      add("tlsa-mismatch",
          "by DANE the certificate that " + name() + " shows at " + shown.addresses +
              " is bad: " + verdict.words,
          shown.seen->address, tlsa_owner() + " TLSA " + list_of(usable));
    } else if (all_anchors && leaf_alone) {
      add("ta-not-sent",
          name() + " at " + shown.addresses + " sends only its own certificate, issued by " +
              in_quotes(leaf->issuer, 120) +
              "; its DANE-TA(2) record needs the certificate of the CA in the chain",
          shown.seen->address, tlsa_owner() + " TLSA " + list_of(usable));
    } else {
      add_mismatch(shown, usable, all_anchors);
    }
  }

  void add_mismatch(const Shown& shown, const std::vector<std::string>& usable, bool all_anchors) {
    std::string own = tlsa_311_of(shown.seen->chain.front());
    std::string hint =
        all_anchors ? "; if it is meant for a CA above those that are sent, send that CA's certificate too"
                    : "";
    add("tlsa-mismatch",
        "no TLSA record of " + name() + " matches the certificate that it shows at " + shown.addresses +
            ": DNS has " + list_of(usable) + ", the certificate's own is " + own + hint,
        shown.seen->address, tlsa_owner() + " TLSA " + list_of(usable));
  }

  void add_bad_name(const Shown& shown) {
    failed_ = true;
    fault_ = "matches, but has another name";
    auto leaf = read_certificate(shown.seen->chain.front());
    std::string has;
    for (const std::string& each : leaf->dns_names) {
      if (has.size() > 200) break;
      has += (has.empty() ? "" : ", ") + each;
    }
    add("ta-name-mismatch",
        "the certificate that " + name() + " shows at " + shown.addresses + " is for " +
            (has.empty() ? "no DNS name" : has) + "; with a DANE-TA(2) record it must name " +
            printable(host_.base, 253),
        shown.seen->address, "subject " + in_quotes(leaf->subject, 300));
  }

  // What DANE-EE(3) does not ask for and MTA-STS does (DANE-18). That it is self-signed is not worth a word.
  void judge_dates_and_name(const Shown& shown, const DaneVerdict& verdict) {
    auto leaf = read_certificate(shown.seen->chain.front());
    if (!leaf || !verdict.matched.starts_with('3')) return;
    std::string faults;
    auto fault = [&](const std::string& words) { faults += (faults.empty() ? "" : " and ") + words; };
    if (leaf->not_after < now_) fault("expired on " + utc_text(leaf->not_after));
    if (leaf->not_before > now_) fault("is valid only from " + utc_text(leaf->not_before));
    if (!names_host(*leaf, host_.host)) fault("does not name the host");
    if (faults.empty()) return;
    add("certificate-for-dane-only",
        "the certificate that " + name() + " shows at " + shown.addresses + " " + faults +
            ": good by its DANE-EE(3) record, but not for senders that use MTA-STS",
        shown.seen->address, "subject " + in_quotes(leaf->subject, 300));
  }

  const DaneFacts& facts_;
  const DaneHostFacts& host_;
  const Time now_;
  CheckStep step_;
  Findings findings_;
  std::string matched_;                      // a record by which the chain at an address is good
  std::string_view fault_;                   // what is wrong with it, if not that no record matches
  bool failed_ = false, undecided_ = false;  // of the chains at any address
  bool unreadable_ = false;                  // the records look usable, and are not
};

// Judges what the MX decides for all hosts. nullopt: it decides nothing, and the hosts are to be judged.
std::optional<Judgement> judge_mx(const DaneFacts& facts) {
  auto only = [](StepState state, std::string_view words, Findings findings) {
    return Judgement{{{.step = step_name, .state = state, .words = printable(words, 300)}},
                     std::move(findings)};
  };
  if (!facts.resolver_validates)
    return only(
        StepState::unknown, "the resolver does not validate DNSSEC",
        {make_finding(
            "resolver-not-validating",
            "the resolver that was asked does not validate DNSSEC, so that DANE can't be judged from here",
            {.step = step_name})});
  if (facts.mx.trouble == MxTrouble::bogus)
    return only(StepState::found, facts.mx.detail,
                {make_finding("dnssec-bogus",
                              "the MX records of " + printable(facts.domain, 253) +
                                  " fail DNSSEC validation, so that mail from senders that validate waits",
                              {.step = step_name}, printable(facts.mx.detail, 400))});
  if (facts.mx.trouble != MxTrouble::none) return only(StepState::unknown, facts.mx.detail, {});
  if (facts.mx.state == MxState::null_mx) return only(StepState::not_asked, "the domain takes no mail", {});
  return std::nullopt;
}

std::string hosts_with(const DaneFacts& facts, const std::vector<Presence>& presences, Presence wanted) {
  std::string list;
  for (std::size_t i = 0; i < presences.size(); ++i)
    if (presences[i] == wanted) list += (list.empty() ? "" : ", ") + printable(facts.hosts[i].host, 253);
  return list;
}

void judge_all_hosts(const DaneFacts& facts, const std::vector<Presence>& presences, Judgement& judgement) {
  std::string with = hosts_with(facts, presences, Presence::there);
  std::string without = hosts_with(facts, presences, Presence::none);
  if (!with.empty() && !without.empty())
    judgement.findings.push_back(
        make_finding("tlsa-on-some-mx",
                     without + (without.contains(',') ? " have" : " has") +
                         " no usable, signed TLSA records, while other MX hosts have them",
                     {.step = step_name}, "with: " + with));
  if (!with.empty() && facts.mx.state == MxState::insecure)
    judgement.findings.push_back(
        make_finding("tlsa-unsigned",
                     "the MX records of " + printable(facts.domain, 253) +
                         " are not signed with DNSSEC, so that the TLSA records of its hosts protect little: "
                         "who forges the MX records leads mail to another host",
                     {.step = step_name}, "with TLSA records: " + with));
}

// Records at "_443._tcp" of an MX host may well be for its web server. They are taken as meant for mail if
// they match what it shows to mail.
bool meant_for_mail(const StrayTlsa& stray, const DaneFacts& facts, Time now) {
  if (stray.name.starts_with("_25.")) return true;
  for (const DaneHostFacts& host : facts.hosts) {
    if (!stray.host.empty() && host.host != stray.host) continue;
    for (const SeenChain& seen : host.chains)
      if (verify_dane(seen.chain, stray.rdata, std::vector{host.host}, now).state == Verdict::match)
        return true;
  }
  return false;
}

void judge_stray(const StrayTlsa& stray, const DaneFacts& facts, const std::vector<Presence>& presences,
                 Time now, Judgement& judgement) {
  bool lacking = !facts.hosts.empty();
  for (std::size_t i = 0; i < facts.hosts.size(); ++i)
    if (stray.host.empty() || stray.host == facts.hosts[i].host)
      lacking = lacking && presences[i] == Presence::none;
  if (!lacking || !meant_for_mail(stray, facts, now)) return;
  bool elsewhere = !stray.name.starts_with("_25.");
  const std::string& right = stray.host.empty() ? facts.hosts.front().host : stray.host;
  judgement.findings.push_back(make_finding(
      "tlsa-misplaced",
      "there are TLSA records at " + printable(stray.name, 253) +
          ", where no sender asks; those for mail belong at " + printable(tlsa_name(25, right), 253),
      at_host(stray.host), printable(stray.name, 253) + " TLSA " + list_of(stray.rdata)));
  // The same certificate may serve HTTPS there, and then the records are right.
  if (elsewhere) judgement.findings.back().severity = Severity::info;
}

}  // namespace

std::vector<std::string> dane_names(const std::string& base, const DaneFacts& facts) {
  if (facts.mx.state != MxState::secure) return {base};
  std::vector<std::string> all{base, facts.domain};
  if (!facts.mx_alias.empty()) all.push_back(facts.mx_alias);
  return all;
}

Judgement judge_dane(const DaneFacts& facts, Time now) {
  if (auto judged = judge_mx(facts)) return *std::move(judged);
  Judgement judgement;
  std::vector<Presence> presences;
  for (const DaneHostFacts& host : facts.hosts) {
    HostJudge judge(facts, host, now);
    presences.push_back(judge.judge());
    judge.move_to(judgement);
  }
  judge_all_hosts(facts, presences, judgement);
  for (const StrayTlsa& stray : facts.strays) judge_stray(stray, facts, presences, now, judgement);
  return judgement;
}

}  // namespace mtasts
