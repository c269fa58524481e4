#include "diagnose/examine.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "core/catalogue.hpp"
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
#include "diagnose/survey.hpp"
#include "diagnose/survey_facts.hpp"
#include "lookup/dane_plan.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {
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
// The judgements of one survey. They share what they have worked out.
class Examiner {
 public:
  Examiner(const CheckInputs& inputs, Examination& result, const Survey& survey)
      : inputs_(inputs), result_(result), survey_(survey), facts_(inputs, result.explanation, survey) {}
  void run() {
    add(judge_record(facts_.record_facts()));
    add(judge_policy_host(facts_.policy_host_facts(), now()));
    add(judge_policy(facts_.policy_text_facts()));
    add(judge_mx(facts_.mx_facts()));
    add(judge_smtp(facts_.smtp_facts(), now()));
    add(judge_dane(facts_.dane_facts(), now()));
    add(judge_tlsrpt(facts_.reports_facts()));
    add(judge_submission(facts_.submission_facts(), now()));
    add_open_questions();
    predict_delivery();
    judge_outcome(outcome_facts(), result_.steps, result_.findings);
  }

  LiveHosts live_hosts() const {
    LiveHosts live{facts_.mx_facts(),  facts_.smtp_facts(),       facts_.further_names(),
                   facts_.published(), facts_.published_tlsrpt(), now()};
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

  // From the reply that Postfix of this version asks for. Nothing is predicted if the MX records are not
  // known.
  void predict_delivery() {
    DnsAnswer mx = facts_.mx();
    if (has_failed(mx) && mx.local) {
      result_.prediction.reason = printable(failure_words(RrType::mx, facts_.domain().str(), mx), 300);
      return;
    }
    PredictedPostfix postfix;
    postfix.version = parse_postfix_version(inputs_.postfix_version).value_or(PostfixVersion{});
    postfix.does_dane = inputs_.explain.rules.postfix_dane != PostfixDane::no;
    if (postfix.does_dane) postfix.main_level = TlsLevel::dane;  // as the README asks for
    Dialect dialect = knows_sts_attributes(postfix.version) ? Dialect::postfix310 : Dialect::postfix;
    PredictedRoute route = facts_.predicted_route();
    result_.prediction = predict(reply_in(dialect, result_.explanation), route, postfix);
    result_.senders = sender_outcomes({route, sts_reply(), result_.prediction});
    add({{}, judge_senders(result_.senders)});
  }

  OutcomeFacts outcome_facts() const {
    const Explanation& all = result_.explanation;
    return {.prediction = result_.prediction,
            .domain = std::string(facts_.domain().str()),
            .null_mx = facts_.is_null_mx(),
            .enforced = facts_.has_enforce() && all.verdict == Verdict::secure,
            .published = facts_.publishes_enforce(),
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

  const CheckInputs& inputs_;
  Examination& result_;
  const Survey& survey_;
  SurveyFacts facts_;
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
  bool nobody_is_late = all.use_count() == 1;
  co_return nobody_is_late ? std::move(all->trace) : all->trace;
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
