#include "diagnose/candidate.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/mx_pattern.hpp"

namespace mtasts {
namespace {

bool covers(const PolicyFacts& policy, std::string_view host) {
  auto name = DomainName::parse(host);
  return name && MxListView(policy.mx).matches(*name);
}

MxFacts mx_under(const LiveHosts& live, const PolicyFacts& policy) {
  MxFacts facts = live.mx;
  facts.policy = policy;
  return facts;
}

SmtpFacts smtp_under(const LiveHosts& live, const PolicyFacts& policy) {
  SmtpFacts facts = live.smtp;
  for (SmtpHostFacts& host : facts.hosts) host.mode = covers(policy, host.name) ? policy.mode : Mode::none;
  return facts;
}

bool is_about(const Finding& finding, std::string_view host) { return finding.where.host == host; }

// What the judgement of the MX records says about a host that the policy does not cover.
std::string why_uncovered(const Judgement& mx, std::string_view host) {
  for (const Finding& each : mx.findings)
    if (is_about(each, host) || each.code == "no-mx-in-policy") return each.message;
  return "the policy does not cover " + printable(host, 253);
}

// The fault itself comes before the finding that the policy therefore fails.
std::string why_failing(const Judgement& smtp, std::string_view host) {
  std::string summary;
  for (const Finding& each : smtp.findings) {
    if (!is_about(each, host) || each.severity != Severity::error) continue;
    if (each.code != "mx-in-policy-fails-tls") return each.message;
    summary = each.message;
  }
  return summary;
}

const SmtpHostFacts* find_host(const SmtpFacts& facts, std::string_view host) {
  auto found = std::ranges::find(facts.hosts, host, &SmtpHostFacts::name);
  return found == facts.hosts.end() ? nullptr : &*found;
}

// Why a host without addresses could not be looked at.
std::string why_no_address(const Judgement& mx, std::string_view host) {
  for (const Finding& each : mx.findings)
    if (is_about(each, host) && each.code == "mx-no-address") return each.message;
  return printable(host, 253) + " has no address to connect to";
}

HostVerdict verdict(const std::string& host, const PolicyFacts& policy, const SmtpFacts& facts,
                    const Judgement& mx, const Judgement& smtp) {
  if (!covers(policy, host)) return {host, false, why_uncovered(mx, host)};
  if (std::string why = why_failing(smtp, host); !why.empty()) return {host, false, std::move(why)};
  const SmtpHostFacts* seen = find_host(facts, host);
  if (seen == nullptr || seen->addresses.empty()) return {host, std::nullopt, why_no_address(mx, host)};
  if (std::string why = not_seen(*seen); !why.empty()) return {host, std::nullopt, std::move(why)};
  return {host, true};
}

std::vector<HostVerdict> verdicts(const LiveHosts& live, PolicyFacts policy) {
  policy.mode = Mode::enforce;
  SmtpFacts facts = smtp_under(live, policy);
  Judgement mx = judge_mx(mx_under(live, policy)), smtp = judge_smtp(facts, live.now);
  std::vector<HostVerdict> all;
  for (const MxHostFacts& each : live.mx.hosts) all.push_back(verdict(each.name, policy, facts, mx, smtp));
  for (const std::string& each : live.more)
    all.push_back({each, std::nullopt,
                   printable(each, 253) + " was not looked at, because the domain has too many MX hosts"});
  return all;
}

}  // namespace

CandidateJudgement judge_candidate(const LiveHosts& live, const PolicyFacts& policy) {
  CandidateJudgement all{judge_mx(mx_under(live, policy)).findings, verdicts(live, policy)};
  std::ranges::move(judge_smtp(smtp_under(live, policy), live.now).findings,
                    std::back_inserter(all.findings));
  return all;
}

PolicyFacts policy_for(const LiveHosts& live, Mode mode) {
  PolicyFacts policy{mode, {}};
  auto add = [&](std::string_view host) {
    auto pattern = MxPattern::parse(host);
    if (pattern && std::ranges::find(policy.mx, pattern->text()) == policy.mx.end())
      policy.mx.append(*pattern);
  };
  for (const MxHostFacts& each : live.mx.hosts) add(each.name);
  for (const std::string& each : live.more) add(each);
  return policy;
}

std::optional<bool> all_pass(const std::vector<HostVerdict>& hosts) {
  auto any = [&](std::optional<bool> passes) {
    return std::ranges::find(hosts, passes, &HostVerdict::passes) != hosts.end();
  };
  if (any(false)) return false;
  if (hosts.empty() || any(std::nullopt)) return std::nullopt;
  return true;
}

}  // namespace mtasts
