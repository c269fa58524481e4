#include "diagnose/examine.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "core/catalogue.hpp"
#include "core/mx_pattern.hpp"
#include "core/policy_life.hpp"
#include "core/sts_policy.hpp"
#include "core/sts_record.hpp"
#include "diagnose/first_expiry.hpp"
#include "diagnose/judge_dane.hpp"
#include "diagnose/judge_input.hpp"
#include "diagnose/judge_mx.hpp"
#include "diagnose/judge_outcome.hpp"
#include "diagnose/judge_policy.hpp"
#include "diagnose/judge_policy_host.hpp"
#include "diagnose/judge_record.hpp"
#include "diagnose/judge_smtp.hpp"
#include "diagnose/judge_submission.hpp"
#include "diagnose/judge_tlsrpt.hpp"
#include "diagnose/run_to_end.hpp"
#include "diagnose/smtp_ending.hpp"
#include "diagnose/survey.hpp"
#include "lookup/dane_plan.hpp"
#include "lookup/gather.hpp"
#include "x509/certificate.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

using Kind = DnsAnswer::Kind;

DnsAnswer not_answered() {
  DnsAnswer answer;
  answer.reason = "no answer in time";
  answer.local = true;
  return answer;
}

// is_failure() counts answers that nobody validated too. They say enough about what is published.
bool has_failed(const DnsAnswer& answer) noexcept {
  return answer.kind == Kind::failed || answer.security == DnsAnswer::Security::bogus;
}

bool announces(const std::optional<DnsAnswer>& record) {
  return record && record->kind == Kind::data && has_sts_record(*record);
}

// What was asked and got no answer before the check's time was over: "TXT good.example". Empty: it is none.
std::string open_question(const Step& step) {
  if (const auto* dns = std::get_if<DnsStep>(&step))
    return dns->answer.local && dns->answer.reason == no_answer_in_time
               ? std::string(words(dns->type)) + ' ' + whole(dns->name)
               : std::string();
  if (const auto* smtp = std::get_if<SmtpStep>(&step)) {
    const SmtpDialogue& dialogue = smtp->dialogue;
    // What a server shows without SNI is asked only if time is left.
    bool open = !smtp->request.host.empty() && dialogue.trouble == SmtpTrouble::local &&
                dialogue.detail == no_answer_in_time;
    return open ? whole(smtp->request.host) + " at " + to_string(smtp->request.address) : std::string();
  }
  if (const auto* https = std::get_if<HttpsStep>(&step)) {
    bool open = https->answer
                    ? https->answer->status == 0
                    : https->answer.error().step == FetchStep::deadline && https->answer.error().local;
    return open ? "the first fetch of the policy" : std::string();
  }
  const auto* host = std::get_if<PolicyHostStep>(&step);
  bool open =
      host != nullptr && !host->answer.answer && host->answer.answer.error().step == FetchStep::deadline;
  return open ? "the policy host at " + to_string(host->address) : std::string();
}

bool was_answered(const Step& step) noexcept {
  const auto* dns = std::get_if<DnsStep>(&step);
  return dns != nullptr && dns->answer.kind != Kind::failed;
}

// The judgements of one survey. They share what they have worked out.
class Examiner {
 public:
  Examiner(const CheckInputs& inputs, Examination& result, const Survey& survey)
      : inputs_(inputs), result_(result), survey_(survey), domain_(*result.explanation.hop.domain) {
    dns_works_ = inputs_.explain.dnssec_known || std::ranges::any_of(result_.explanation.trace, was_answered);
    find_policy();
  }

  void run() {
    add(judge_record(record_facts()));
    add(judge_policy_host(policy_host_facts(), now()));
    add(judge_policy(policy_text_facts()));
    add(judge_mx(mx_facts()));
    add(judge_smtp(smtp_facts(), now()));
    add(judge_dane(dane_facts(), now()));
    add(judge_tlsrpt(reports_facts()));
    add(judge_submission(submission_facts(), now()));
    add_open_questions();
    predict_delivery();
    judge_outcome(outcome_facts(), result_.steps, result_.findings);
  }

  LiveHosts live_hosts() const {
    LiveHosts live{mx_facts(), smtp_facts(), further_names(), published(), now()};
    live.smtp.further.clear();
    live.mx.policy.reset();
    live.mx.further.clear();
    live.mx.parent_policy.reset();
    for (SmtpHostFacts& host : live.smtp.hosts) {
      host.mode = Mode::none;
      host.dane = false;
      for (SmtpAddressFacts& each : host.addresses) each.dane = {};
    }
    return live;
  }

 private:
  Time now() const { return inputs_.explain.now; }

  // nullopt: it was not asked in time. If DNS answers nothing at all here, a failure says nothing about the
  // domain.
  DnsAnswer seen(const std::optional<DnsAnswer>& asked) const {
    DnsAnswer answer = asked.value_or(not_answered());
    if (answer.kind == Kind::failed && !dns_works_) answer.local = true;
    return answer;
  }

  void add(Judgement judgement) {
    std::ranges::move(judgement.steps, std::back_inserter(result_.steps));
    for (Severity severity : {Severity::error, Severity::warning, Severity::info})
      std::ranges::copy_if(judgement.findings, std::back_inserter(result_.findings),
                           [&](const Finding& each) { return each.severity == severity; });
  }

  void add_open_questions() {
    std::string open;
    for (const Step& step : result_.explanation.trace)
      if (std::string each = open_question(step); !each.empty() && !is_about_name_servers(step))
        open.append(open.empty() ? "" : ", ").append(each);
    if (!open.empty())
      result_.findings.push_back(
          make_finding("time-limit-reached",
                       "the time for the check was over before an answer came to: " + printable(open, 400)));
  }

  // What is known of name servers is worth a remark only if it is known.
  bool is_about_name_servers(const Step& step) const {
    const auto* dns = std::get_if<DnsStep>(&step);
    if (dns == nullptr) return false;
    return dns->type == RrType::ns ||
           std::ranges::find(survey_.name_servers, dns->name, &SurveyedNameServer::name) !=
               survey_.name_servers.end();
  }

  // The policy that senders have: the one in the cache's entry after the lookup, else the one that is served.
  void find_policy() {
    if (result_.explanation.record.policy) {
      const Policy& policy = *result_.explanation.record.policy;
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

  bool covers(const std::string& host) const {
    if (!policy_) return false;
    return std::ranges::any_of(policy_->mx, [&](std::string_view text) {
      auto pattern = MxPattern::parse(text);
      auto name = DomainName::parse(host);
      return pattern && name && pattern->matches(*name);
    });
  }

  bool announces_policy() const { return announces(survey_.record); }

  RecordFacts record_facts() const {
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

  PolicyHostFacts policy_host_facts() const {
    PolicyHostFacts facts;
    facts.domain = domain_.str();
    facts.warn_days = inputs_.warn_days;
    facts.wanted = announces_policy() || served_ == true || (!record_known() && !lacks_policy_host());
    facts.v4 = seen(survey_.policy_host ? std::optional(survey_.policy_host->a) : std::nullopt);
    facts.v6 = seen(survey_.policy_host ? std::optional(survey_.policy_host->aaaa) : std::nullopt);
    if (survey_.policy_host)
      for (const auto& each : survey_.policy_host->addresses)
        facts.addresses.push_back({each.address, each.answer, took(each.address)});
    for (const auto& [place, found] : survey_.places)
      if (found == PlaceFound::policy) facts.places.push_back(place);
    if (const HttpsStep* step = find_https(result_.explanation.trace)) facts.fetched = ended(*step);
    return facts;
  }

  // Files of earlier versions have status 0 for a fetch that had not ended.
  static std::expected<HttpAnswer, FetchError> ended(const HttpsStep& step) {
    if (step.answer && step.answer->status == 0) return std::unexpected(not_fetched_yet());
    return step.answer;
  }

  // Without it, a policy that is served may be announced.
  bool record_known() const { return survey_.record && !has_failed(*survey_.record); }

  bool lacks_policy_host() const {
    auto none = [](const DnsAnswer& answer) {
      return answer.kind == Kind::nxdomain || answer.kind == Kind::no_data;
    };
    return survey_.policy_host && none(survey_.policy_host->a) && none(survey_.policy_host->aaaa);
  }

  std::chrono::milliseconds took(const Address& address) const {
    const auto* step = find_policy_host(result_.explanation.trace, domain_, address);
    return step != nullptr ? step->took : std::chrono::milliseconds(0);
  }

  MxFacts mx_facts() const {
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

  bool is_null_mx() const {
    if (!survey_.mx || survey_.mx->rdata.size() != 1) return false;
    auto only = decode_mx(survey_.mx->rdata.front());
    return only && only->host.empty();
  }

  // The MX hosts beyond those that were looked at.
  std::vector<MxHostFacts> further_hosts() const {
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

  std::vector<std::string> further_names() const {
    std::vector<std::string> names;
    for (MxHostFacts& each : further_hosts()) names.push_back(std::move(each.name));
    return names;
  }

  std::optional<PublishedPolicy> published() const {
    auto lint = judged_record(result_.explanation);
    if (!lint || lint->verdict != TxtVerdict::valid) return std::nullopt;
    return PublishedPolicy{lint->id, policy_ ? std::optional(policy_->mode) : std::nullopt};
  }

  MxHostFacts mx_host(const SurveyedHost& host) const {
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

  static bool has_dane(const SurveyedHost& host) {
    bool secure = host.tlsa && host.tlsa->security == DnsAnswer::Security::secure;
    return secure && judge_tlsa(*host.tlsa) == HostState::usable;
  }

  DaneVerdict dane_verdict(const SurveyedHost& host, const SmtpDialogue& dialogue) const {
    if (!has_dane(host) || !dialogue.tls) return {};
    return verify_dane(dialogue.tls->chain, host.tlsa->rdata, dane_names(host.tlsa_base, dane_domain()),
                       now());
  }

  SmtpFacts smtp_facts() const {
    SmtpFacts facts{
        .domain = std::string(domain_.str()), .further = further_names(), .warn_days = inputs_.warn_days};
    for (const SurveyedHost& each : survey_.hosts) {
      SmtpHostFacts host;
      host.name = each.name;
      host.preference = each.preference;
      host.mode = covers(each.name) ? policy_->mode : Mode::none;
      host.dane = has_dane(each);
      for (const SurveyedAddress& at : each.addresses)
        host.addresses.push_back({at.address, at.dialogue, at.without_sni, dane_verdict(each, at.dialogue)});
      facts.hosts.push_back(std::move(host));
    }
    return facts;
  }

  SubmissionFacts submission_facts() const {
    SubmissionFacts facts = survey_.submission;
    facts.warn_days = inputs_.warn_days;
    return facts;
  }

  // Whether a sender that follows MTA-STS alone delivers to the host.
  std::optional<bool> sts_accepts(const SurveyedHost& host) const {
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
  DaneFacts dane_domain() const {
    DaneFacts facts;
    DnsAnswer answer = seen(survey_.mx);
    facts.domain = domain_.str();
    facts.mx = judge_mx(domain_, answer);
    facts.mx_alias = answer.canonical;
    return facts;
  }

  DaneFacts dane_facts() const {
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

  PolicyTextFacts policy_text_facts() const {
    PolicyTextFacts facts;
    facts.domain = domain_.str();
    if (auto lint = judged_record(result_.explanation)) facts.record_id = lint->id;
    if (announces_policy() || served_ == true) facts.body = served_body();
    const auto& stored = inputs_.explain.stored;
    if (stored && stored->policy && stored->policy->lines != left_out_lines)
      facts.cached =
          CachedPolicyFacts{stored->id, unpacked_lines(view(*stored->policy)),
                            expires_at(view(*stored->policy), stored->fetched_at, inputs_.explain.moment())};
    return facts;
  }

  // What a sender gets: the first body that an address serves with status 200.
  std::optional<std::string> served_body() const {
    if (survey_.policy_host)
      for (const auto& each : survey_.policy_host->addresses)
        if (each.answer.answer &&
            lint_http(each.answer.answer->status, each.answer.answer->content_type).empty())
          return each.answer.answer->body;
    const HttpsStep* step = find_https(result_.explanation.trace);
    bool good = step != nullptr && step->answer &&
                lint_http(step->answer->status, step->answer->content_type).empty();
    return good ? std::optional(step->answer->body) : std::nullopt;
  }

  TlsRptFacts reports_facts() const {
    TlsRptFacts facts;
    facts.domain = domain_.str();
    facts.record = seen(survey_.reports);
    facts.elsewhere = survey_.reports_elsewhere;
    facts.hosts = survey_.report_hosts;
    facts.has_policy_or_dane = policy_.has_value() || std::ranges::any_of(survey_.hosts, has_dane);
    return facts;
  }

  // From the reply that Postfix of this version asks for. Nothing is predicted if the MX records are not
  // known.
  void predict_delivery() {
    DnsAnswer mx = seen(survey_.mx);
    if (has_failed(mx) && mx.local) {
      result_.prediction.reason = printable(failure_words(RrType::mx, domain_.str(), mx), 300);
      return;
    }
    PredictedPostfix postfix;
    postfix.version = parse_postfix_version(inputs_.postfix_version).value_or(PostfixVersion{});
    postfix.does_dane = inputs_.explain.rules.postfix_dane != PostfixDane::no;
    if (postfix.does_dane) postfix.main_level = TlsLevel::dane;  // as the README asks for
    Dialect dialect = knows_sts_attributes(postfix.version) ? Dialect::postfix310 : Dialect::postfix;
    PredictedRoute route = predicted_route();
    result_.prediction = predict(reply_in(dialect, result_.explanation), route, postfix);
    result_.senders = sender_outcomes({route, sts_reply(), result_.prediction});
    add({{}, judge_senders(result_.senders)});
  }

  OutcomeFacts outcome_facts() const {
    const Explanation& all = result_.explanation;
    bool enforced = policy_ && policy_->mode == Mode::enforce;
    return {.prediction = result_.prediction,
            .domain = std::string(domain_.str()),
            .null_mx = is_null_mx(),
            .enforced = enforced && all.verdict == Verdict::secure,
            .published = announces_policy() && served_mode_ == Mode::enforce,
            .by_dane = all.verdict == Verdict::dane || all.verdict == Verdict::dane_only,
            .undecided = all.verdict == Verdict::temp,
            .why_not_sts = all.reason};
  }

  static std::string reply_in(Dialect dialect, const Explanation& all) {
    return std::ranges::find(all.replies, dialect, &std::pair<Dialect, std::string>::first)->second;
  }

  // The reply for a sender that does not know DANE, nor this host's overrides.
  std::string sts_reply() const {
    ExplainInputs alone = inputs_.explain;
    alone.rules.postfix_dane = PostfixDane::no;
    alone.over.reset();
    return reply_in(Dialect::postfix310, replay(std::move(alone), result_.explanation.trace));
  }

  PredictedRoute predicted_route() const {
    PredictedRoute route;
    DnsAnswer answer = seen(survey_.mx);
    route.domain = domain_.str();
    route.mx_secure = answer.security == DnsAnswer::Security::secure;
    if (has_failed(answer))
      route.mx = MxAnswer::failed;
    else if (is_null_mx())
      route.mx = MxAnswer::null_mx;
    if (answer.kind == Kind::nxdomain)
      route.hosts.push_back({.name = route.domain, .found = HostAddresses::nxdomain});
    for (const SurveyedHost& each : survey_.hosts)
      if (DomainName::parse(each.name) || DomainName::is_numeric(each.name))
        route.hosts.push_back(predicted_host(each));
    for (MxHostFacts& each : further_hosts())
      route.hosts.push_back({.name = std::move(each.name), .preference = each.preference});
    return route;
  }

  PredictedHost predicted_host(const SurveyedHost& host) const {
    PredictedHost predicted;
    predicted.name = host.name;
    predicted.preference = host.preference;
    if (host.addresses.empty()) predicted.found = why_no_address(host);
    predicted.tlsa = predicted_tlsa(host);
    for (const SurveyedAddress& at : host.addresses)
      predicted.addresses.push_back({at.address, at.dialogue, {}, dane_verdict(host, at.dialogue)});
    return predicted;
  }

  HostAddresses why_no_address(const SurveyedHost& host) const {
    DnsAnswer a = seen(host.a), aaaa = seen(host.aaaa);
    if (!DomainName::parse(host.name)) return HostAddresses::unknown;  // not looked up
    if ((has_failed(a) && a.local) || (has_failed(aaaa) && aaaa.local)) return HostAddresses::unknown;
    if (has_failed(a) || has_failed(aaaa)) return HostAddresses::failed;
    return a.kind == Kind::nxdomain ? HostAddresses::nxdomain : HostAddresses::no_data;
  }

  static HostTlsa predicted_tlsa(const SurveyedHost& host) {
    AddressFinding addresses = judge_addresses(host.name, host.a, host.aaaa);
    if (addresses.bases.empty() || !host.tlsa) return HostTlsa::none;
    auto state = judge_tlsa(*host.tlsa);
    if (!state) return HostTlsa::none;
    if (*state == HostState::usable) return HostTlsa::usable;
    return *state == HostState::unusable ? HostTlsa::unusable : HostTlsa::failed;
  }

  const CheckInputs& inputs_;
  Examination& result_;
  const Survey& survey_;
  DomainName domain_;
  std::optional<PolicyFacts> policy_;
  bool dns_works_ = true;
  std::optional<Mode> served_mode_;
  std::optional<bool> served_;  // a valid policy is served; nullopt: the policy host was not asked
};

// What a collection uses. Questions that are late still write to it.
struct Collection {
  Trace trace;
  TracingDns dns, sts_dns;
  TracingFetch fetch;
  TracingSmtp smtp;
  TracingNameServers name_servers;
  Survey survey;

  explicit Collection(const CheckPorts& ports)
      : dns(ports.dns, trace),
        sts_dns(ports.sts_dns, trace),
        fetch(ports.fetch, trace),
        smtp(ports.smtp, trace),
        name_servers(ports.name_servers, trace) {}
};

// The survey that the answers in a trace make. Questions that are not in the trace are added to it.
std::shared_ptr<Survey> survey_again(Trace& trace, const DomainName& domain) {
  asio::io_context loop{1};
  ReplayDns dns(trace);
  ReplayFetch fetch(trace);
  ReplaySmtp smtp(trace);
  ReplayNameServers name_servers(trace);
  auto all = std::make_shared<Survey>();
  run_to_end(loop, survey(all, {dns, dns, fetch, smtp, name_servers}, domain,
                          std::chrono::steady_clock::time_point::max(), [](std::string_view) {}));
  return all;
}

}  // namespace

asio::awaitable<Trace> collect(CheckPorts ports, ExplainInputs inputs,
                               std::chrono::steady_clock::time_point deadline,
                               std::function<void(std::string_view)> done) {
  Hop hop = read_hop(inputs);
  if (!hop.domain) co_return Trace{};
  auto all = std::make_shared<Collection>(ports);
  auto now = std::chrono::steady_clock::now();
  std::vector<asio::awaitable<bool>> first;
  first.push_back(ask_what_decides(std::move(inputs), all->dns, all->sts_dns, all->fetch));
  co_await gather(std::move(first), all, now + (deadline - now) * 2 / 3);
  done("record and policy");
  CheckPorts traced{all->dns, all->sts_dns, all->fetch, all->smtp, all->name_servers};
  co_await survey(std::shared_ptr<Survey>(all, &all->survey), traced, *hop.domain, deadline, std::move(done));
  co_return all->trace;
}

Overall overall_of(const std::vector<CheckStep>& steps, const Findings& findings) noexcept {
  auto has = [&](Severity severity) {
    return std::ranges::find(findings, severity, &Finding::severity) != findings.end();
  };
  if (has(Severity::error)) return Overall::error;
  if (steps.empty()) return Overall::unknown;
  if (std::ranges::find(steps, StepState::unknown, &CheckStep::state) != steps.end()) return Overall::unknown;
  return has(Severity::warning) ? Overall::warning : Overall::ok;
}

Examination examine(const CheckInputs& inputs, Trace trace) {
  Examination result;
  result.explanation = replay(inputs.explain, trace);
  if (!result.explanation.hop.domain) return result;
  auto all = survey_again(trace, *result.explanation.hop.domain);
  Examiner(inputs, result, *all).run();
  std::ranges::move(judge_input(inputs.given, result.explanation.hop.domain->str()),
                    std::back_inserter(result.findings));
  result.overall = overall_of(result.steps, result.findings);
  result.first_expiry = first_expiry(trace);
  return result;
}

std::optional<LiveHosts> live_hosts(const CheckInputs& inputs, Trace trace) {
  Examination found;
  found.explanation = replay(inputs.explain, std::move(trace));
  if (!found.explanation.hop.domain) return std::nullopt;
  auto all = survey_again(found.explanation.trace, *found.explanation.hop.domain);
  return Examiner(inputs, found, *all).live_hosts();
}

}  // namespace mtasts
