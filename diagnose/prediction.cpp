#include "diagnose/prediction.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/domain_name.hpp"
#include "core/finding.hpp"
#include "core/mx_pattern.hpp"
#include "core/text.hpp"
#include "diagnose/smtp_ending.hpp"
#include "x509/certificate.hpp"

namespace mtasts {
namespace {

constexpr std::size_t mx_address_limit = 5;  // smtp_mx_address_limit
constexpr std::string_view configuration_problem = "client TLS configuration problem";
constexpr std::string_view not_verified = "Server certificate not verified";

// What becomes of a mail at one address.
struct Attempt {
  enum class Kind {
    delivered,
    failed,
    unreachable,  // failed, perhaps because of the network here
    bounced,      // for good: no other address is tried (PFX-47)
    skipped,      // without a reason that would be logged with the mail
    unknown,
  };
  Kind kind = Kind::unknown;
  std::string reason{};
  bool verified = false;        // of a delivery
  bool in_clear = false;        // of a delivery: without TLS
  bool unsure = false;          // Postfix may see or judge this otherwise
  bool later_in_clear = false;  // of a failure
  const PredictedHost* host = nullptr;
};

Attempt failed(std::string reason) { return {.kind = Attempt::Kind::failed, .reason = std::move(reason)}; }
// After a reply that ends more than this session if it is 5xx.
Attempt refused_for_good(const SmtpReply& reply, std::string reason) {
  bool hard = reply.code / 100 == 5;
  return {.kind = hard ? Attempt::Kind::bounced : Attempt::Kind::failed, .reason = std::move(reason)};
}
Attempt unknown(std::string reason) { return {.kind = Attempt::Kind::unknown, .reason = std::move(reason)}; }

// "454-4.7.0 TLS is 454 4.7.0 not available": Postfix joins the lines of a reply by blanks.
std::string reply_words(const SmtpReply& reply) {
  std::string words;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    if (i > 0) words += ' ';
    words += std::to_string(reply.code) + (i + 1 < reply.lines.size() ? '-' : ' ') + reply.lines[i];
  }
  return printable(words, 1000);
}

bool same_or_below(std::string_view name, std::string_view dotted) noexcept {
  return name.size() > dotted.size() && equal_folded(name.substr(name.size() - dotted.size()), dotted);
}

// Whether a certificate has one name of match=, with or without a leading dot (PFX-29). OpenSSL takes the
// common name if there is no DNS name.
bool has_name(CertificateFacts certificate, std::string_view name) {
  if (certificate.dns_names.empty() && !certificate.common_name.empty())
    certificate.dns_names.push_back(certificate.common_name);
  if (!name.starts_with('.')) return names_host(certificate, name);
  return name.size() > 1 && std::ranges::any_of(certificate.dns_names, [name](const auto& each) {
           return same_or_below(each, name);
         });
}

class Predictor {
 public:
  Predictor(const PredictedRoute& route, const PredictedPostfix& postfix, std::optional<TlsPolicy> policy)
      : route_(route), postfix_(postfix), policy_(std::move(policy)) {}

  // All addresses of a host.
  std::vector<Attempt> attempts_at(const PredictedHost& host) const {
    std::vector<Attempt> attempts;
    auto level = level_at(host);
    for (const SmtpAddressFacts& each : host.addresses) {
      Attempt attempt = level ? attempt_at(host, each, *level) : failed(why_no_level(host));
      attempts.push_back(std::move(attempt));
    }
    if (attempts.empty()) attempts.push_back(unknown("nothing is known about the addresses of " + host.name));
    if (level && !fits_patterns(host))
      for (Attempt& attempt : attempts) attempt = {.kind = Attempt::Kind::skipped};
    for (Attempt& attempt : attempts) attempt.host = &host;
    return attempts;
  }

 private:
  bool is_dane(TlsLevel level) const { return level == TlsLevel::dane || level == TlsLevel::dane_only; }

  // An insecure MX RRset, and a host that does DANE (PFX-32).
  bool heeds_insecure_mx() const {
    if (postfix_.main_level == TlsLevel::dane) return true;
    const PostfixVersion& version = postfix_.version;
    auto since = [&](unsigned minor, unsigned patch) {
      return version.minor == minor && version.patch.value_or(patch) >= patch;
    };
    if (version.major != 3) return version.major > 3;
    return version.minor >= 10 || since(6, 17) || since(7, 13) || since(8, 8) || since(9, 2);
  }

  // The level that holds for a host (PFX-31). nullopt: the host is skipped; why_no_level() says why.
  std::optional<TlsLevel> level_at(const PredictedHost& host) const {
    if (!policy_) return std::nullopt;
    if (!is_dane(policy_->level)) return policy_->level;
    bool only = policy_->level == TlsLevel::dane_only;
    auto lowered = [only](TlsLevel level) { return only ? std::nullopt : std::optional(level); };
    if (!postfix_.does_dane || (!route_.mx_secure && (only || !heeds_insecure_mx())))
      return lowered(TlsLevel::may);
    switch (host.tlsa) {
      case HostTlsa::failed: return std::nullopt;
      case HostTlsa::none: return lowered(TlsLevel::may);
      case HostTlsa::unusable: return lowered(TlsLevel::encrypt);
      case HostTlsa::usable: break;
    }
    return route_.mx_secure ? policy_->level : TlsLevel::half_dane;
  }

  std::string why_no_level(const PredictedHost& host) const {
    if (!policy_ || !postfix_.does_dane) return std::string(configuration_problem);
    if (!route_.mx_secure && !(policy_->level == TlsLevel::dane && heeds_insecure_mx()))
      return "non DNSSEC destination";
    switch (host.tlsa) {
      case HostTlsa::none: return "no TLSA records found";
      case HostTlsa::unusable: return "TLSA records unusable";
      case HostTlsa::failed:
      case HostTlsa::usable: break;
    }
    return "TLSA lookup error for " + host.name + ':' + std::to_string(route_.port);
  }

  bool fits_patterns(const PredictedHost& host) const {
    if (policy_->patterns.empty()) return true;
    auto name = DomainName::parse(host.name);
    return std::ranges::any_of(policy_->patterns, [&](const std::string& text) {
      auto pattern = MxPattern::parse(text);
      return name && pattern && pattern->matches(*name);
    });
  }

  static std::string server(const PredictedHost& host, const SmtpAddressFacts& each) {
    return host.name + '[' + to_string(each.address) + ']';
  }

  static std::string with_port(const std::string& server, std::uint16_t port) {
    return server + ':' + std::to_string(port);
  }

  // The dialogue that is most like the one that Postfix will have.
  const SmtpDialogue& dialogue_of(const SmtpAddressFacts& each, TlsLevel level) const {
    bool pkix = level >= TlsLevel::verify;
    return pkix && !policy_->sends_name && each.without_sni ? *each.without_sni : each.dialogue;
  }

  Attempt attempt_at(const PredictedHost& host, const SmtpAddressFacts& each, TlsLevel level) const {
    const SmtpDialogue& dialogue = dialogue_of(each, level);
    std::string name = server(host, each);
    switch (dialogue.reached) {
      case SmtpStage::none: return not_connected(dialogue, name);
      case SmtpStage::connected: return not_greeted(dialogue, name);
      case SmtpStage::greeted: return no_ehlo(dialogue, name, level);
      case SmtpStage::ehlo: return no_starttls(dialogue, name, level);
      case SmtpStage::starttls: return no_handshake(dialogue, name, level);
      case SmtpStage::tls:
      case SmtpStage::ehlo_in_tls: break;
    }
    if (level == TlsLevel::none) return in_clear(name);
    return in_tls(host, each, dialogue, name, level);
  }

  Attempt not_connected(const SmtpDialogue& dialogue, const std::string& name) const {
    std::string to = "connect to " + with_port(name, route_.port) + ": ";
    if (dialogue.trouble == SmtpTrouble::timeout)
      return {.kind = Attempt::Kind::unreachable, .reason = to + "Connection timed out"};
    if (dialogue.trouble == SmtpTrouble::refused)
      return {.kind = Attempt::Kind::unreachable, .reason = to + printable(dialogue.detail, 200)};
    return unknown(name + " was not dialled: " + printable(dialogue.detail, 200));
  }

  // The connection ended or fell silent. `doing`: Postfix's words.
  static Attempt broken(const SmtpDialogue& dialogue, const std::string& name, std::string_view doing) {
    std::string end = " while " + std::string(doing);
    // Postfix waits for longer than a check.
    if (dialogue.trouble == SmtpTrouble::timeout)
      return unknown("conversation with " + name + " timed out" + end);
    if (dialogue.trouble == SmtpTrouble::local || dialogue.trouble == SmtpTrouble::too_long)
      return unknown(name + " breaks off" + end + ": " + printable(dialogue.detail, 200));
    Attempt lost = failed("lost connection with " + name + end);
    // Postfix reads over what is not SMTP, until the server closes or time is up.
    lost.unsure = dialogue.trouble == SmtpTrouble::garbage;
    return lost;
  }

  static std::string refusal(const SmtpReply& reply, const std::string& name) {
    return "host " + name + " refused to talk to me: " + reply_words(reply);
  }

  static Attempt not_greeted(const SmtpDialogue& dialogue, const std::string& name) {
    if (dialogue.trouble == SmtpTrouble::reply) {
      std::string words = refusal(dialogue.greeting, name);
      return dialogue.greeting.code == 421 ? unknown(std::move(words)) : failed(std::move(words));
    }
    return broken(dialogue, name, "receiving the initial server greeting");
  }

  // A server that does not know EHLO gets HELO, and then can't offer TLS.
  Attempt no_ehlo(const SmtpDialogue& dialogue, const std::string& name, TlsLevel level) const {
    if (dialogue.trouble != SmtpTrouble::reply)
      return broken(dialogue, name, "performing the EHLO handshake");
    if (dialogue.helo.code / 100 == 2) return without_tls(name, level);
    bool is_unknown = dialogue.ehlo.code == 500 || dialogue.ehlo.code == 502;
    if (!is_unknown || dialogue.helo.code == 0 || dialogue.helo.code == 421)
      return unknown(refusal(dialogue.ehlo, name));
    return refused_for_good(dialogue.helo, refusal(dialogue.helo, name));
  }

  Attempt in_clear(const std::string& name) const {
    return {.kind = Attempt::Kind::delivered,
            .reason = std::string(in_clear_words) + with_port(name, route_.port),
            .in_clear = true};
  }

  Attempt without_tls(const std::string& name, TlsLevel level) const {
    if (level <= TlsLevel::may) return in_clear(name);
    return failed("TLS is required, but was not offered by host " + name);
  }

  Attempt no_starttls(const SmtpDialogue& dialogue, const std::string& name, TlsLevel level) const {
    if (level == TlsLevel::none) return in_clear(name);
    if (!offers(dialogue.ehlo, "STARTTLS")) return without_tls(name, level);
    if (dialogue.trouble != SmtpTrouble::reply)
      return broken(dialogue, name, "receiving the STARTTLS response");
    std::string words =
        "TLS is required, but host " + name + " refused to start TLS: " + reply_words(dialogue.starttls);
    if (dialogue.starttls.code == 421) return unknown(std::move(words));
    return level == TlsLevel::may ? in_clear(name) : refused_for_good(dialogue.starttls, std::move(words));
  }

  Attempt no_handshake(const SmtpDialogue& dialogue, const std::string& name, TlsLevel level) const {
    if (level == TlsLevel::none) return in_clear(name);
    if (dialogue.surplus > 0 || dialogue.trouble == SmtpTrouble::local)
      return unknown("the TLS handshake with " + name + " was not tried: " + printable(dialogue.detail, 200));
    if (dialogue.trouble == SmtpTrouble::timeout)
      return unknown("the TLS handshake with " + name + " was not done in time");
    Attempt attempt = failed("Cannot start TLS: handshake failure");
    attempt.later_in_clear = level == TlsLevel::may;
    return attempt;
  }

  // A chain that was refused here for a short key, which Postfix may accept (PFX-46).
  static bool has_short_key(const SmtpTlsFacts& tls) {
    return tls.untrusted == X509_V_ERR_EE_KEY_TOO_SMALL || tls.untrusted == X509_V_ERR_CA_KEY_TOO_SMALL;
  }

  // Whether PKIX vouches for the server, and for one of the names of match=.
  bool matches(const PredictedHost& host, const SmtpTlsFacts& tls) const {
    auto leaf = tls.chain.empty() ? std::nullopt : read_certificate(tls.chain.front());
    if (!leaf || (tls.untrusted != X509_V_OK && !has_short_key(tls))) return false;
    return std::ranges::any_of(policy_->match, [&](std::string_view name) {
      if (equal_folded(name, "hostname")) return has_name(*leaf, host.name);
      if (equal_folded(name, "nexthop")) return has_name(*leaf, route_.domain);
      if (equal_folded(name, "dot-nexthop")) return has_name(*leaf, '.' + route_.domain);
      return has_name(*leaf, name);
    });
  }

  Attempt in_tls(const PredictedHost& host, const SmtpAddressFacts& each, const SmtpDialogue& dialogue,
                 const std::string& name, TlsLevel level) const {
    if (!dialogue.tls) return unknown("the TLS handshake with " + name + " is not known");
    // OpenSSL has no TLS before 1.2 at the security level of Postfix that authenticates (PFX-46).
    if (level > TlsLevel::encrypt && is_old_tls(dialogue.tls->version))
      return failed("Cannot start TLS: handshake failure");
    bool dane = level == TlsLevel::half_dane || is_dane(level);
    if (level == TlsLevel::fingerprint)
      return unknown("the fingerprints that Postfix has for " + name + " are not known");
    if (dane && each.dane.state != DaneVerdict::State::match) return failed(std::string(not_verified));
    if (level >= TlsLevel::verify && !matches(host, *dialogue.tls)) return failed(std::string(not_verified));
    if (dialogue.reached == SmtpStage::tls) return after_handshake(dialogue, name);
    bool verified = level > TlsLevel::half_dane;
    // Where nothing is verified Postfix offers ciphers without a certificate too, which TLS 1.3 does not
    // have.
    bool perhaps_anonymous = level <= TlsLevel::encrypt && dialogue.tls->version != "TLSv1.3";
    std::string_view word = verified                               ? "Verified "
                            : perhaps_anonymous                    ? ""
                            : dane || dialogue.tls->untrusted == 0 ? "Trusted "
                                                                   : "Untrusted ";
    return {.kind = Attempt::Kind::delivered,
            .reason = std::string(word) + "TLS connection established to " + with_port(name, route_.port),
            .verified = verified,
            .unsure = level >= TlsLevel::verify && has_short_key(*dialogue.tls)};
  }

  static Attempt after_handshake(const SmtpDialogue& dialogue, const std::string& name) {
    if (dialogue.trouble == SmtpTrouble::reply) return unknown(refusal(dialogue.ehlo_in_tls, name));
    return broken(dialogue, name, "performing the EHLO handshake");
  }

  const PredictedRoute& route_;
  const PredictedPostfix& postfix_;
  std::optional<TlsPolicy> policy_;
};

std::string name_service_error(std::string_view name, std::string_view type, std::string_view what) {
  return "Host or domain name not found. Name service error for name=" + std::string(name) +
         " type=" + std::string(type) + ": " + std::string(what);
}

// No host has an address. Postfix asks for A and then AAAA, and names the last; one failed lookup makes the
// mail wait.
Prediction without_addresses(const std::vector<const PredictedHost*>& hosts) {
  auto unknown =
      std::ranges::find(hosts, HostAddresses::unknown, [](const auto* host) { return host->found; });
  if (unknown != hosts.end())
    return {.reason = "the addresses of " + (*unknown)->name + " are not known",
            .host = (*unknown)->name,
            .certain = false};
  const PredictedHost& last = *hosts.back();
  bool waits =
      std::ranges::any_of(hosts, [](const auto* host) { return host->found == HostAddresses::failed; });
  std::string_view what = "Host not found";
  if (last.found == HostAddresses::failed) what = "Host not found, try again";
  if (last.found == HostAddresses::no_data) what = "Host found but no data record of requested type";
  return {.outcome = waits ? Outcome::deferred : Outcome::bounced,
          .reason = name_service_error(last.name, "AAAA", what),
          .host = last.name,
          .certain = hosts.size() == 1};
}

// Equal ones stay in the order of the list.
std::vector<const PredictedHost*> by_preference(const std::vector<PredictedHost>& hosts) {
  std::vector<const PredictedHost*> sorted;
  for (const PredictedHost& host : hosts) sorted.push_back(&host);
  std::ranges::sort(sorted, {}, [](const auto* host) { return std::pair(host->preference, host); });
  return sorted;
}

// What is known after the attempts so far, group by group of equal preference.
class Course {
 public:
  void add_group(std::vector<Attempt> attempts) {
    if (count_ + attempts.size() > mx_address_limit && attempts.size() > 1) {
      certain_ = false;
      by_order_ = true;
    }
    attempts.resize(std::min(attempts.size(), mx_address_limit - count_));
    count_ += attempts.size();
    const Attempt* chosen = nullptr;  // of those that end it, the worst
    for (const Attempt& attempt : attempts) {
      auto end = end_of(attempt);
      if (end && (chosen == nullptr || *end > *end_of(*chosen))) chosen = &attempt;
    }
    if (chosen != nullptr) return finish(attempts, *chosen);
    for (Attempt& attempt : attempts) take_failure(std::move(attempt), attempts.size() > 1);
  }

  bool done() const { return end_.has_value() || count_ >= mx_address_limit; }

  Prediction prediction() const {
    if (end_) return *end_;
    if (unknown_) return of(*unknown_, Outcome::unknown);
    if (!failure_)
      return {.outcome = Outcome::deferred,
              .reason = "server unavailable or unable to receive mail",
              .certain = certain_};
    Prediction result = of(*failure_, nobody_reached_ ? Outcome::unknown : Outcome::deferred);
    result.later_in_clear = later_in_clear_ && !nobody_reached_;
    return result;
  }

 private:
  static std::string host_of(const Attempt& attempt) {
    return attempt.host != nullptr ? attempt.host->name : "";
  }

  // The outcome, if no other address is tried after this one.
  static std::optional<Outcome> end_of(const Attempt& attempt) {
    if (attempt.kind == Attempt::Kind::bounced) return Outcome::bounced;
    if (attempt.kind != Attempt::Kind::delivered) return std::nullopt;
    return attempt.verified ? Outcome::delivered_verified : Outcome::delivered_unverified;
  }

  void finish(const std::vector<Attempt>& attempts, const Attempt& chosen) {
    auto end = end_of(chosen);
    bool alike = std::ranges::all_of(
        attempts, [&](const Attempt& each) { return !end_of(each) || end_of(each) == end; });
    end_ = of(chosen, *end);
    end_->certain = certain_ && alike && !unknown_ && !chosen.unsure;
    end_->by_order = by_order_ || !alike || unknown_.has_value();
  }

  void take_failure(Attempt attempt, bool one_of_several) {
    if (attempt.kind == Attempt::Kind::skipped) return;
    if (attempt.kind == Attempt::Kind::unknown) {
      if (!unknown_) unknown_ = std::move(attempt);
      return;
    }
    if (attempt.kind == Attempt::Kind::failed) nobody_reached_ = false;
    later_in_clear_ = later_in_clear_ || attempt.later_in_clear;
    if (attempt.unsure) certain_ = false;
    // Postfix logs the last failure with the mail.
    if (one_of_several && failure_ && failure_->reason != attempt.reason) certain_ = false;
    failure_ = std::move(attempt);
  }

  Prediction of(const Attempt& attempt, Outcome outcome) const {
    return {.outcome = outcome,
            .reason = attempt.reason,
            .host = host_of(attempt),
            .certain = certain_ && outcome != Outcome::unknown,
            .in_clear = attempt.in_clear};
  }

  std::size_t count_ = 0;
  bool certain_ = true, by_order_ = false, nobody_reached_ = true, later_in_clear_ = false;
  std::optional<Attempt> failure_, unknown_;
  std::optional<Prediction> end_;
};

}  // namespace

Prediction predict(std::string_view reply, const PredictedRoute& route, const PredictedPostfix& postfix) {
  if (route.mx == MxAnswer::failed)
    return {.outcome = Outcome::deferred,
            .reason = name_service_error(route.domain, "MX", "Host not found, try again")};
  if (route.mx == MxAnswer::null_mx)
    return {.outcome = Outcome::bounced,
            .reason = "Domain " + route.domain + " does not accept mail (nullMX)"};
  auto hosts = by_preference(route.hosts);
  if (hosts.empty()) return {.reason = "no MX host is known"};
  auto has_address = [](const PredictedHost* host) { return host->found == HostAddresses::known; };
  auto may_have = [&](const PredictedHost* host) {
    return has_address(host) || host->found == HostAddresses::unknown;
  };
  if (std::ranges::none_of(hosts, has_address)) return without_addresses(hosts);
  Predictor predictor(route, postfix, read_tls_policy(reply, postfix.version, postfix.main_level));
  Course course;
  for (auto next = hosts.begin(); next != hosts.end() && !course.done();) {
    std::vector<Attempt> group;
    unsigned preference = (*next)->preference;
    for (; next != hosts.end() && (*next)->preference == preference; ++next)
      if (may_have(*next)) std::ranges::move(predictor.attempts_at(**next), std::back_inserter(group));
    course.add_group(std::move(group));
  }
  return course.prediction();
}

}  // namespace mtasts
