#include "diagnose/explanation.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <stdexcept>

#include "answer/key.hpp"
#include "answer/question.hpp"
#include "core/reply.hpp"
#include "diagnose/run_to_end.hpp"
#include "lookup/dane_lookup.hpp"
#include "lookup/discover.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::array dialects{Dialect::postfix, Dialect::postfix310, Dialect::sts};

struct FixedClock final : Clock {
  explicit FixedClock(const Moment& moment) : moment_(moment) {}
  Moment moment() const noexcept override { return moment_; }

 private:
  Moment moment_;
};

Dialect dialect_of(const std::string& map) noexcept {
  auto name = parse_map_name(map);
  bool answers = name && std::ranges::find(dialects, name->dialect) != dialects.end();
  return answers ? name->dialect : Dialect::postfix;
}

const Override* override_of(const ExplainInputs& inputs) noexcept {
  return inputs.over ? &*inputs.over : nullptr;
}

asio::awaitable<bool> look_up_policy(Explanation& all, Dns& dns, Fetch& fetch, const Clock& clock) {
  Discovery found = co_await discover(dns, fetch, clock, *all.hop.domain, all.inputs.stored, Trigger::ask);
  all.fetched = found.fetched;
  found.record.dane = std::move(all.record.dane);
  all.record = std::move(found.record);
  co_return true;
}

// Longer than the daemon's limit, which would leave some questions of the trace without an answer.
constexpr std::chrono::minutes limit_of_lookup{2};

asio::awaitable<bool> look_up_state(Explanation& all, Dns& dns, const Clock& clock) {
  const auto& stored = all.inputs.stored;
  auto before = stored ? dane_state(*stored, all.route()) : std::nullopt;
  std::shared_ptr<Dns> borrowed(std::shared_ptr<Dns>(), &dns);  // owns nothing: dns outlives the loop's run
  DaneLookupOptions options{all.inputs.mx_hosts, limit_of_lookup};
  DaneState state = co_await look_up_dane(std::move(borrowed), clock, *all.hop.domain, all.route(),
                                          std::move(before), options);
  // A DNS zone that is signed only with algorithms that libunbound does not know counts as unsigned. Its DS
  // records tell it from one that is not signed at all.
  if (state.mx == MxState::insecure)
    all.unsigned_answer = co_await dns.ask(std::string(all.hop.domain->str()), RrType::ds);
  keep_dane(all.record, std::move(state));
  co_return true;
}

// Looks up the policy and the DANE state at the same time, as a flight does.
asio::awaitable<bool> look_up(Explanation& all, Dns& dns, Dns& sts_dns, Fetch& fetch, const Clock& clock) {
  std::vector<asio::awaitable<bool>> looks;
  looks.push_back(look_up_policy(all, sts_dns, fetch, clock));
  if (all.dane_looked) looks.push_back(look_up_state(all, dns, clock));
  auto done = co_await gather(std::move(looks), nullptr);
  if (!std::ranges::all_of(done, &std::optional<bool>::has_value))
    throw std::runtime_error("a lookup ended with an internal error");
  if (all.dane_looked) serve_askers(all.record, {all.route()}, clock.now());
  mark_off_policy(all.record);
  co_return true;
}

// A state only keeps why its first host failed. The trace has what was answered for each, so ask it again.
asio::awaitable<bool> find_details(Explanation& all, Dns& dns, const DaneState& state) {
  std::vector<std::string> failed;
  for (HostLine host : state.hosts)
    if (has_failed(host.state())) failed.emplace_back(host.name());
  for (const std::string& name : failed) {
    HostFinding finding = co_await look_up_host(dns, name, all.inputs.port);
    if (finding.state != HostState::failed) continue;
    HostDetail detail{name, std::move(finding.detail)};
    all.hosts.push_back(std::move(detail));
  }
  co_return true;
}

void add_host_details(Explanation& all, asio::io_context& loop) {
  auto state = std::ranges::find(all.record.dane, all.route(), &DaneState::route);
  if (state == all.record.dane.end() || state->trouble != MxTrouble::none) return;
  Trace copy = all.trace;
  ReplayDns dns(copy);
  run_to_end(loop, find_details(all, dns, *state));
}

// What is known before anything is asked.
Explanation begun(ExplainInputs inputs) {
  Explanation all;
  all.inputs = std::move(inputs);
  all.hop = read_hop(all.inputs);
  all.looked = !settled_at_once(all.inputs, all.hop);
  if (!all.looked) return all;
  all.dane_looked = dane_counts(rules_for(all.inputs, dialect_of(all.inputs.map)));
  if (all.inputs.stored) all.record.dane = all.inputs.stored->dane;
  return all;
}

void answer_by_rule_1(Explanation& all) {
  all.rule = "1";
  all.reason = all.hop.why_not;
  for (std::size_t i = 0; i < dialects.size(); ++i)
    all.replies[i] = {dialects[i], std::string(not_found_reply)};
}

void answer(Explanation& all) {
  if (!all.hop.why_not.empty()) return answer_by_rule_1(all);
  RecordView record = view(all.record);
  for (std::size_t i = 0; i < dialects.size(); ++i) {
    Decision decision = decide(all.inputs.moment(), &record, std::nullopt, all.route(),
                               rules_for(all.inputs, dialects[i]), override_of(all.inputs));
    all.replies[i].first = dialects[i];
    append_reply(all.replies[i].second, dialects[i], *all.hop.domain, decision);
    if (dialects[i] != dialect_of(all.inputs.map)) continue;
    all.verdict = decision.verdict;
    all.rule = decision.rule;
    all.reason = decision.reason;
    all.detail = decision.detail;
  }
}

}  // namespace

const std::string& Explanation::reply() const {
  return std::ranges::find(replies, dialect_of(inputs.map), &std::pair<Dialect, std::string>::first)->second;
}

std::optional<RecordLint> judged_record(const Explanation& all) {
  if (!all.looked) return std::nullopt;
  const auto* step = find_step(all.trace, "_mta-sts." + std::string(all.hop.domain->str()), RrType::txt);
  if (step == nullptr || step->answer.kind == DnsAnswer::Kind::failed ||
      step->answer.security == DnsAnswer::Security::bogus)
    return std::nullopt;
  std::vector<std::string> records;
  for (const std::string& rdata : step->answer.rdata)
    if (auto text = decode_txt(rdata)) records.push_back(*std::move(text));
  return lint_records(records);
}

bool mail_waits(const Explanation& all) noexcept {
  return all.verdict == Verdict::temp || (all.verdict == Verdict::secure && all.detail == no_host_fits);
}

bool fetched_now(const Explanation& all) noexcept {
  return all.fetched && all.record.policy && all.record.last_lookup.state != StsState::fetch_failed;
}

Hop read_hop(const ExplainInputs& inputs) {
  std::string scratch;
  Key key = read_key(inputs.next_hop, scratch);
  Hop hop;
  if (const auto* found = std::get_if<NextHop>(&key.next_hop)) {
    hop.domain = found->domain;
    hop.bracketed = found->bracketed;
    hop.port = found->port;
    hop.why_not = inputs.without_policy;
  } else {
    hop.why_not = words(key);
  }
  return hop;
}

bool settled_at_once(const ExplainInputs& inputs, const Hop& hop) {
  return !hop.why_not.empty() || decide_override(override_of(inputs)).has_value();
}

ZoneRules rules_for(const ExplainInputs& inputs, Dialect dialect) noexcept {
  ZoneRules rules = rules_for(inputs.rules, dialect, override_of(inputs));
  rules.dnssec_detail = inputs.dnssec_detail;
  return rules;
}

asio::awaitable<bool> ask_what_decides(ExplainInputs inputs, Dns& dns, Dns& sts_dns, Fetch& fetch) {
  Explanation all = begun(std::move(inputs));
  if (!all.looked) co_return true;
  FixedClock clock(all.inputs.moment());
  co_return co_await look_up(all, dns, sts_dns, fetch, clock);
}

Explanation explain_over(asio::io_context& loop, Dns& dns, Fetch& fetch, const Trace& trace,
                         ExplainInputs inputs, Dns* sts_dns) {
  Explanation all = begun(std::move(inputs));
  if (all.looked) {
    FixedClock clock(all.inputs.moment());
    run_to_end(loop, look_up(all, dns, sts_dns != nullptr ? *sts_dns : dns, fetch, clock));
  }
  all.trace = trace;
  if (all.dane_looked) add_host_details(all, loop);
  answer(all);
  return all;
}

Explanation replay(ExplainInputs inputs, Trace trace) {
  asio::io_context loop{1};
  ReplayDns dns(trace);
  ReplayFetch fetch(trace);
  return explain_over(loop, dns, fetch, trace, std::move(inputs));
}

}  // namespace mtasts
