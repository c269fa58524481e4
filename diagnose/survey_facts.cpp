#include "diagnose/survey_facts.hpp"

#include <algorithm>
#include <utility>

#include "core/mx_pattern.hpp"
#include "core/policy_life.hpp"
#include "core/sts_policy.hpp"
#include "core/sts_record.hpp"
#include "core/tlsrpt.hpp"
#include "diagnose/smtp_ending.hpp"
#include "lookup/dane_plan.hpp"
#include "x509/certificate.hpp"

namespace mtasts {

using Kind = DnsAnswer::Kind;

namespace {

DnsAnswer not_answered() {
  DnsAnswer answer;
  answer.reason = "no answer in time";
  answer.local = true;
  return answer;
}

bool announces(const std::optional<DnsAnswer>& record) {
  return record && record->kind == Kind::data && has_sts_record(*record);
}
bool was_answered(const Step& step) noexcept {
  const auto* dns = std::get_if<DnsStep>(&step);
  return dns != nullptr && dns->answer.kind != Kind::failed;
}

}  // namespace

bool has_failed(const DnsAnswer& answer) noexcept {
  return answer.kind == Kind::failed || answer.security == DnsAnswer::Security::bogus;
}

SurveyFacts::SurveyFacts(const CheckInputs& inputs, const Explanation& explanation, const Survey& survey)
    : inputs_(inputs), explanation_(explanation), survey_(survey), domain_(*explanation.hop.domain) {
  dns_works_ = inputs_.explain.dnssec_known || std::ranges::any_of(explanation_.trace, was_answered);
  find_policy();
}

// nullopt: it was not asked in time. If DNS answers nothing at all here, a failure says nothing about the
// domain.
DnsAnswer SurveyFacts::seen(const std::optional<DnsAnswer>& asked) const {
  DnsAnswer answer = asked.value_or(not_answered());
  if (answer.kind == Kind::failed && !dns_works_) answer.local = true;
  return answer;
}

// The policy that senders have: the one in the cache's entry after the lookup, else the one that is served.
void SurveyFacts::find_policy() {
  if (explanation_.record.policy) {
    const Policy& policy = *explanation_.record.policy;
    policy_ = PolicyFacts{policy.mode, policy.mx};
  }
  if (!survey_.policy_host) return;
  for (const auto& each : survey_.policy_host->addresses) {
    if (!each.answer.answer) continue;
    if (!lint_http(each.answer.answer->status, each.answer.answer->content_type).empty()) continue;
    PolicyLint lint = lint_policy(each.answer.answer->body);
    served_ = served_.value_or(false) || lint.policy.has_value();
    if (lint.policy && !served_mode_) served_mode_ = lint.policy->mode;
    if (lint.policy && !policy_ && announces_policy())
      policy_ = PolicyFacts{lint.policy->mode, lint.policy->mx};
  }
  if (!served_ && !survey_.policy_host->addresses.empty()) served_ = false;
}

bool SurveyFacts::covers(const std::string& host) const {
  if (!policy_) return false;
  return std::ranges::any_of(policy_->mx, [&](std::string_view text) {
    auto pattern = MxPattern::parse(text);
    auto name = DomainName::parse(host);
    return pattern && name && pattern->matches(*name);
  });
}

bool SurveyFacts::announces_policy() const { return announces(survey_.record); }

RecordFacts SurveyFacts::record_facts() const {
  RecordFacts facts;
  facts.domain = domain_.str();
  facts.record = seen(survey_.record);
  facts.elsewhere = survey_.record_elsewhere;
  facts.policy_served = served_;
  for (const SurveyedNameServer& each : survey_.name_servers)
    facts.name_servers.push_back({each.name, each.answer});
  if (survey_.policy_host) {
    const auto& host = *survey_.policy_host;
    if (host.a.kind == Kind::data || host.aaaa.kind == Kind::data)
      facts.policy_host = host.a.kind == Kind::data ? host.a : host.aaaa;
  }
  facts.takes_no_mail = is_null_mx();
  facts.all_mx_have_dane = !survey_.hosts.empty() && std::ranges::all_of(survey_.hosts, has_dane);
  return facts;
}

PolicyHostFacts SurveyFacts::policy_host_facts() const {
  PolicyHostFacts facts;
  facts.domain = domain_.str();
  facts.warn_days = inputs_.warn_days;
  facts.wanted = announces_policy() || served_ == true || (!record_known() && !lacks_policy_host());
  facts.v4 = seen(survey_.policy_host ? std::optional(survey_.policy_host->a) : std::nullopt);
  facts.v6 = seen(survey_.policy_host ? std::optional(survey_.policy_host->aaaa) : std::nullopt);
  if (survey_.policy_host)
    for (const auto& each : survey_.policy_host->addresses)
      facts.addresses.push_back({each.address, each.answer, took(each.address)});
  if (survey_.policy_host) facts.left_out = survey_.policy_host->left_out;
  for (const auto& [place, found] : survey_.places)
    if (found == PlaceFound::policy) facts.places.push_back(place);
  if (const HttpsStep* step = find_https(explanation_.trace)) facts.fetched = ended(*step);
  return facts;
}

// Files of earlier versions have status 0 for a fetch that had not ended.
std::expected<HttpAnswer, FetchError> SurveyFacts::ended(const HttpsStep& step) {
  if (step.answer && step.answer->status == 0) return std::unexpected(not_fetched_yet());
  return step.answer;
}

// Without it, a policy that is served may be announced.
bool SurveyFacts::record_known() const { return survey_.record && !has_failed(*survey_.record); }

bool SurveyFacts::lacks_policy_host() const {
  auto none = [](const DnsAnswer& answer) {
    return answer.kind == Kind::nxdomain || answer.kind == Kind::no_data;
  };
  return survey_.policy_host && none(survey_.policy_host->a) && none(survey_.policy_host->aaaa);
}

std::chrono::milliseconds SurveyFacts::took(const Address& address) const {
  const auto* step = find_policy_host(explanation_.trace, domain_, address);
  return step != nullptr ? step->took : std::chrono::milliseconds(0);
}

MxFacts SurveyFacts::mx_facts() const {
  DnsAnswer answer = seen(survey_.mx);
  MxFacts facts{domain_};
  if (has_failed(answer)) {
    facts.failure = failure_words(RrType::mx, domain_.str(), answer);
    facts.local = answer.local;
    return facts;
  }
  facts.no_domain = answer.kind == Kind::nxdomain;
  facts.null_mx = is_null_mx();
  facts.implicit = answer.rdata.empty();
  for (const SurveyedHost& each : survey_.hosts) facts.hosts.push_back(mx_host(each));
  facts.further = further_hosts();
  facts.policy = policy_;
  if (announces(survey_.parent_record)) facts.parent_policy = domain_above(domain_);
  return facts;
}

bool SurveyFacts::is_null_mx() const {
  if (!survey_.mx || survey_.mx->rdata.size() != 1) return false;
  auto only = decode_mx(survey_.mx->rdata.front());
  return only && only->host.empty();
}

// The MX hosts beyond those that were looked at.
std::vector<MxHostFacts> SurveyFacts::further_hosts() const {
  std::vector<MxHostFacts> further;
  if (!survey_.too_many_hosts || !survey_.mx) return further;
  for (const std::string& rdata : survey_.mx->rdata) {
    auto record = decode_mx(rdata);
    if (!record || record->host.empty()) continue;
    bool seen = std::ranges::find(survey_.hosts, record->host, &SurveyedHost::name) != survey_.hosts.end();
    if (!seen && std::ranges::find(further, record->host, &MxHostFacts::name) == further.end())
      further.push_back({std::move(record->host), record->preference});
  }
  return further;
}

std::vector<std::string> SurveyFacts::further_names() const {
  std::vector<std::string> names;
  for (MxHostFacts& each : further_hosts()) names.push_back(std::move(each.name));
  return names;
}

std::optional<PublishedPolicy> SurveyFacts::published() const {
  auto lint = judged_record(explanation_);
  if (!lint || lint->verdict != TxtVerdict::valid) return std::nullopt;
  const auto& stored = explanation_.record.policy;
  return PublishedPolicy{lint->id, policy_ ? std::optional(policy_->mode) : std::nullopt,
                         stored ? stored->max_age : 0};
}

std::optional<std::string> SurveyFacts::published_tlsrpt() const {
  if (!survey_.reports) return std::nullopt;
  std::vector<std::string> texts;
  for (const std::string& rdata : survey_.reports->rdata)
    if (auto text = decode_txt(rdata)) texts.push_back(*std::move(text));
  if (lint_tlsrpt(texts).verdict != TxtVerdict::valid) return std::nullopt;
  auto record = std::ranges::find_if(texts, is_tlsrpt_record);
  return record == texts.end() ? std::nullopt : std::optional(*record);
}

MxHostFacts SurveyFacts::mx_host(const SurveyedHost& host) const {
  MxHostFacts facts{host.name, host.preference};
  if (!DomainName::parse(host.name)) return facts;  // nobody looked it up
  for (const auto& [asked, type] : {std::pair(&host.aaaa, RrType::aaaa), std::pair(&host.a, RrType::a)}) {
    DnsAnswer answer = seen(*asked);
    if (has_failed(answer)) facts.failure = failure_words(type, host.name, answer);
    facts.local = facts.local || (has_failed(answer) && answer.local);
    if (!answer.canonical.empty()) facts.alias_of = answer.canonical;
    for (const std::string& rdata : answer.rdata)
      if (auto address = decode_address(rdata); address && answer.kind == Kind::data)
        facts.addresses.push_back(*address);
  }
  return facts;
}

bool SurveyFacts::has_dane(const SurveyedHost& host) {
  bool secure = host.tlsa && host.tlsa->security == DnsAnswer::Security::secure;
  return secure && judge_tlsa(*host.tlsa) == HostState::usable;
}

DaneVerdict SurveyFacts::dane_verdict(const SurveyedHost& host, const SmtpDialogue& dialogue) const {
  if (!has_dane(host) || !dialogue.tls) return {};
  return verify_dane(dialogue.tls->chain, host.tlsa->rdata, dane_names(host.tlsa_base, dane_domain()), now());
}

SmtpFacts SurveyFacts::smtp_facts() const {
  SmtpFacts facts{
      .domain = std::string(domain_.str()), .further = further_names(), .warn_days = inputs_.warn_days};
  for (const SurveyedHost& each : survey_.hosts) {
    SmtpHostFacts host;
    host.name = each.name;
    host.preference = each.preference;
    host.mode = covers(each.name) ? policy_->mode : Mode::none;
    host.dane = has_dane(each);
    host.left_out = each.left_out;
    for (const SurveyedAddress& at : each.addresses)
      host.addresses.push_back({at.address, at.dialogue, at.without_sni, dane_verdict(each, at.dialogue)});
    facts.hosts.push_back(std::move(host));
  }
  return facts;
}

SubmissionFacts SurveyFacts::submission_facts() const {
  SubmissionFacts facts = survey_.submission;
  facts.warn_days = inputs_.warn_days;
  return facts;
}

// Whether a sender that follows MTA-STS alone delivers to the host.
std::optional<bool> SurveyFacts::sts_accepts(const SurveyedHost& host) const {
  if (!policy_ || policy_->mode == Mode::none) return std::nullopt;
  std::optional<bool> accepts;
  for (const SurveyedAddress& at : host.addresses) {
    if (!at.dialogue.tls || at.dialogue.tls->chain.empty()) continue;
    auto leaf = read_certificate(at.dialogue.tls->chain.front());
    bool good = leaf && at.dialogue.tls->untrusted == 0 && names_host(*leaf, host.name) &&
                covers(host.name) && !is_old_tls(at.dialogue.tls->version);
    accepts = accepts.value_or(false) || good;
  }
  return accepts;
}

// What the hosts have in common.
DaneFacts SurveyFacts::dane_domain() const {
  DaneFacts facts;
  DnsAnswer answer = seen(survey_.mx);
  facts.domain = domain_.str();
  facts.mx = judge_mx(domain_, answer);
  facts.mx_alias = answer.canonical;
  return facts;
}

DaneFacts SurveyFacts::dane_facts() const {
  DaneFacts facts = dane_domain();
  facts.strays = survey_.strays;
  facts.resolver_validates = inputs_.explain.rules.dnssec == Dnssec::works;
  for (const SurveyedHost& each : survey_.hosts) {
    if (!DomainName::parse(each.name)) continue;  // nobody looks it up
    DaneHostFacts host;
    host.host = each.name;
    host.addresses = judge_addresses(each.name, each.a, each.aaaa);
    host.base = each.tlsa_base;
    host.tlsa = each.tlsa;
    for (const SurveyedAddress& at : each.addresses)
      if (at.dialogue.tls)
        host.chains.push_back({to_string(at.address), at.dialogue.tls->chain, at.dialogue.tls->chain_cut});
    host.sts_accepts = sts_accepts(each);
    facts.hosts.push_back(std::move(host));
  }
  return facts;
}

PolicyTextFacts SurveyFacts::policy_text_facts() const {
  PolicyTextFacts facts;
  facts.domain = domain_.str();
  if (auto lint = judged_record(explanation_)) facts.record_id = lint->id;
  if (announces_policy() || served_ == true) facts.body = served_body();
  const auto& stored = inputs_.explain.stored;
  if (stored && stored->policy && stored->policy->lines != left_out_lines)
    facts.cached =
        CachedPolicyFacts{stored->id, unpacked_lines(view(*stored->policy)),
                          expires_at(view(*stored->policy), stored->fetched_at, inputs_.explain.moment())};
  return facts;
}

// What a sender gets: the first body that an address serves with status 200.
std::optional<std::string> SurveyFacts::served_body() const {
  if (survey_.policy_host)
    for (const auto& each : survey_.policy_host->addresses)
      if (each.answer.answer &&
          lint_http(each.answer.answer->status, each.answer.answer->content_type).empty())
        return each.answer.answer->body;
  const HttpsStep* step = find_https(explanation_.trace);
  bool good =
      step != nullptr && step->answer && lint_http(step->answer->status, step->answer->content_type).empty();
  return good ? std::optional(step->answer->body) : std::nullopt;
}

TlsRptFacts SurveyFacts::reports_facts() const {
  TlsRptFacts facts;
  facts.domain = domain_.str();
  facts.record = seen(survey_.reports);
  facts.elsewhere = survey_.reports_elsewhere;
  facts.hosts = survey_.report_hosts;
  facts.has_policy_or_dane = policy_.has_value() || std::ranges::any_of(survey_.hosts, has_dane);
  return facts;
}

}  // namespace mtasts
