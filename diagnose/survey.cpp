#include "diagnose/survey.hpp"

#include <algorithm>
#include <tuple>

#include "core/sts_record.hpp"
#include "core/tlsa.hpp"
#include "core/tlsrpt.hpp"
#include "diagnose/judge_record.hpp"
#include "diagnose/survey_questions.hpp"
#include "diagnose/survey_sni.hpp"
#include "diagnose/survey_submission.hpp"
#include "lookup/dane_plan.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Done = std::function<void(std::string_view)>;

namespace {

constexpr std::size_t most_report_hosts = 5;

asio::awaitable<bool> ask_policy_host(Fetch& fetch, Dns& dns, DomainName domain, Address address,
                                      PolicyHostAnswer& answer) {
  answer = co_await fetch.get_policy_at(PolicyRequest{domain, dns}, address);
  co_return true;
}

asio::awaitable<bool> survey_policy_host(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                         Done done) {
  auto found = std::make_shared<SurveyedPolicyHost>();
  co_await ask_both(ports.sts_dns, "mta-sts." + std::string(domain.str()), found->a, found->aaaa, found);
  ChosenAddresses chosen = choose_addresses(found->a, found->aaaa);
  found->left_out = chosen.left_out;
  for (const Address& each : chosen.addresses)
    found->addresses.push_back({each, {std::unexpected(FetchError{FetchStep::connect, {}}), false}});
  Work asks;
  for (auto& each : found->addresses)
    asks.push_back(ask_policy_host(ports.fetch, ports.sts_dns, domain, each.address, each.answer));
  co_await gather(std::move(asks), found);
  all->policy_host = *found;
  done("policy host");
  co_return true;
}

// The first base domain with an answer that decides, as a sender asks for TLSA records.
asio::awaitable<bool> ask_tlsa(Dns& dns, SurveyedHost& host) {
  AddressFinding addresses = judge_addresses(host.name, host.a, host.aaaa);
  auto bases = addresses.bases;
  if (bases.empty()) bases.push_back(host.name);  // senders would not ask; records there are worth a remark
  for (const std::string& base : bases) {
    std::string name = tlsa_name(25, base);
    if (name.empty()) continue;
    host.tlsa_base = base;
    host.tlsa = co_await dns.ask(name, RrType::tlsa);
    if (judge_tlsa(*host.tlsa)) break;
  }
  co_return true;
}

asio::awaitable<bool> let_go(GatePass) { co_return true; }

asio::awaitable<bool> survey_host(std::shared_ptr<Survey> all, std::size_t index, CheckPorts ports,
                                  GatePass pass) {
  SurveyedHost& host = all->hosts[index];
  co_await ask_both(ports.dns, host.name, host.a, host.aaaa, all);
  ChosenAddresses chosen = choose_addresses(host.a, host.aaaa);
  host.left_out = chosen.left_out;
  for (const Address& each : chosen.addresses) host.addresses.push_back({each, not_held_yet()});
  Work parts;
  for (auto& each : host.addresses)
    parts.push_back(talk(ports.smtp, SmtpRequest{each.address, 25, host.name, false}, each.dialogue));
  parts.push_back(let_go(std::move(pass)));  // the dialogues before it have begun by then
  parts.push_back(ask_tlsa(ports.dns, host));
  co_await gather(std::move(parts), all);
  co_return true;
}

asio::awaitable<bool> ask_stray(std::shared_ptr<Survey> all, Dns& dns, std::string name, std::string host) {
  DnsAnswer answer = co_await dns.ask(name, RrType::tlsa);
  if (answer.kind == DnsAnswer::Kind::data)
    all->strays.push_back({std::move(name), std::move(host), std::move(answer.rdata)});
  co_return true;
}

// For hosts without TLSA records: those of HTTPS, and those of port 25 of the domain.
asio::awaitable<bool> survey_strays(std::shared_ptr<Survey> all, Dns& dns, std::string domain) {
  Work asks;
  bool lacking = false;
  for (const SurveyedHost& each : all->hosts) {
    if (!each.tlsa || each.tlsa->kind == DnsAnswer::Kind::data) continue;
    lacking = true;
    if (std::string name = tlsa_name(443, each.name); !name.empty())
      asks.push_back(ask_stray(all, dns, std::move(name), each.name));
  }
  bool is_host = std::ranges::find(all->hosts, domain, &SurveyedHost::name) != all->hosts.end();
  if (std::string name = tlsa_name(25, domain); lacking && !is_host && !name.empty())
    asks.push_back(ask_stray(all, dns, std::move(name), {}));
  co_await gather(std::move(asks), all);
  co_return true;
}

// The hosts by preference, each name once; without records the domain itself.
void list_hosts(Survey& all, const DomainName& domain) {
  std::vector<MxRecord> records;
  for (const std::string& rdata : all.mx->rdata)
    if (auto record = decode_mx(rdata)) records.push_back(*std::move(record));
  std::ranges::sort(records, {}, [](const MxRecord& each) { return std::tie(each.preference, each.host); });
  bool null_mx = records.size() == 1 && records.front().host.empty();
  if (null_mx || all.mx->kind == DnsAnswer::Kind::failed || all.mx->kind == DnsAnswer::Kind::nxdomain) return;
  if (records.empty()) records.push_back({0, std::string(domain.str())});
  for (const MxRecord& each : records) {
    bool known = std::ranges::find(all.hosts, each.host, &SurveyedHost::name) != all.hosts.end();
    if (known || each.host.empty()) continue;
    if (all.hosts.size() == most_mx_hosts) {
      all.too_many_hosts = true;
      break;
    }
    SurveyedHost host;
    host.name = each.host;
    host.preference = each.preference;
    all.hosts.push_back(std::move(host));
  }
}

asio::awaitable<bool> survey_mx(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                CheckTime time, GatePass pass, Done done) {
  all->mx = co_await ports.dns.ask(std::string(domain.str()), RrType::mx);
  list_hosts(*all, domain);
  Work hosts;
  for (std::size_t i = 0; i < all->hosts.size(); ++i)
    if (DomainName::parse(all->hosts[i].name)) hosts.push_back(survey_host(all, i, ports, pass));
  pass.reset();
  co_await gather(std::move(hosts), all);
  Work more;
  more.push_back(survey_strays(all, ports.dns, std::string(domain.str())));
  more.push_back(survey_without_sni(all, ports.smtp, time));
  co_await gather(std::move(more), all);
  done("MX hosts");
  co_return true;
}

asio::awaitable<bool> survey_text(std::shared_ptr<Survey> all, Dns& dns, std::string name,
                                  std::optional<DnsAnswer> Survey::* member) {
  DnsAnswer answer = co_await dns.ask(std::move(name), RrType::txt);
  (*all).*member = std::move(answer);
  co_return true;
}

// Whether the question was answered, and without such a record.
bool lacks(const std::optional<DnsAnswer>& answer, bool (*is_record)(std::string_view) noexcept) {
  if (!answer || answer->kind == DnsAnswer::Kind::failed) return false;
  return std::ranges::none_of(answer->rdata, [&](const std::string& rdata) {
    auto text = decode_txt(rdata);
    return text && is_record(*text);
  });
}

asio::awaitable<bool> survey_elsewhere(std::shared_ptr<Survey> all, Dns& dns, std::vector<std::string> names,
                                       std::vector<ElsewhereFacts> Survey::* member) {
  auto& elsewhere = (*all).*member;
  for (std::string& name : names)
    if (name.size() <= most_name_octets) elsewhere.push_back({std::move(name), {}});
  Work asks;
  for (auto& each : elsewhere) asks.push_back(ask(dns, each.name, RrType::txt, each.answer));
  co_await gather(std::move(asks), all);
  co_return true;
}

bool has_none(const DnsAnswer& answer) noexcept {
  return answer.kind == DnsAnswer::Kind::no_data || answer.kind == DnsAnswer::Kind::nxdomain;
}

// Only what is sure to fail is a fault.
asio::awaitable<bool> survey_report_host(Dns& dns, ReportTarget target, ReportHostFacts& facts) {
  if (target.kind == ReportTarget::Kind::mail) {
    DnsAnswer mx = co_await dns.ask(target.host, RrType::mx);
    if (!has_none(mx)) co_return true;
  }
  DnsAnswer a = co_await dns.ask(target.host, RrType::a);
  DnsAnswer aaaa = co_await dns.ask(target.host, RrType::aaaa);
  if (has_none(a) && has_none(aaaa))
    facts.fault = target.host + " has no address (" + std::string(words(a.kind)) + ")";
  co_return true;
}

asio::awaitable<bool> survey_report_hosts(std::shared_ptr<Survey> all, Dns& dns) {
  std::vector<std::string> texts;
  for (const std::string& rdata : all->reports->rdata)
    if (auto text = decode_txt(rdata)) texts.push_back(*std::move(text));
  std::vector<std::string> uris = lint_tlsrpt(texts).uris;
  if (uris.size() > most_report_hosts) uris.resize(most_report_hosts);
  for (std::string& uri : uris) all->report_hosts.push_back({std::move(uri), {}});
  Work asks;
  for (ReportHostFacts& each : all->report_hosts)
    if (auto target = report_target(each.uri); target && DomainName::parse(target->host))
      asks.push_back(survey_report_host(dns, *std::move(target), each));
  co_await gather(std::move(asks), all);
  co_return true;
}

asio::awaitable<bool> survey_texts(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                   Done done) {
  std::string name(domain.str());
  Work asks;
  asks.push_back(survey_text(all, ports.sts_dns, "_mta-sts." + name, &Survey::record));
  asks.push_back(survey_text(all, ports.sts_dns, "_smtp._tls." + name, &Survey::reports));
  co_await gather(std::move(asks), all);
  if (lacks(all->record, is_sts_record))
    co_await survey_elsewhere(all, ports.sts_dns, misplaced_record_names(name), &Survey::record_elsewhere);
  if (lacks(all->reports, is_tlsrpt_record))
    co_await survey_elsewhere(all, ports.sts_dns, misplaced_tlsrpt_names(name), &Survey::reports_elsewhere);
  else if (all->reports)
    co_await survey_report_hosts(all, ports.sts_dns);
  auto above = domain_above(domain);
  if (above && lacks(all->record, is_sts_record))
    co_await survey_text(all, ports.sts_dns, "_mta-sts." + std::string(above->str()), &Survey::parent_record);
  done("reports");
  co_return true;
}

asio::awaitable<bool> survey_policy(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                    Done done) {
  Work parts;
  parts.push_back(survey_policy_host(all, ports, domain, done));
  parts.push_back(survey_texts(all, ports, domain, done));
  co_await gather(std::move(parts), all);
  co_await survey_places(all, ports, domain);
  co_return true;
}

// Slow name servers must not hold up a check, whose other parts are more important.
std::chrono::steady_clock::time_point for_name_servers(std::chrono::steady_clock::time_point deadline) {
  constexpr std::chrono::seconds limit{5};
  bool replayed = deadline == std::chrono::steady_clock::time_point::max();
  return replayed ? deadline : std::min(deadline, std::chrono::steady_clock::now() + limit);
}

}  // namespace

std::optional<DomainName> domain_above(const DomainName& domain) {
  std::string_view above = domain.str();
  above.remove_prefix(std::min(above.find('.') + 1, above.size()));
  if (!above.contains('.')) return std::nullopt;
  return DomainName::parse(above);
}

asio::awaitable<bool> survey(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                             std::chrono::steady_clock::time_point deadline, Done done) {
  auto gate = std::make_shared<Gate>(co_await asio::this_coro::executor, Gate::time_point::max());
  CheckTime time{std::chrono::steady_clock::now(), deadline};
  Work parts;
  parts.push_back(survey_policy(all, ports, domain, done));
  parts.push_back(survey_mx(all, ports, domain, time, pass_of(gate), done));
  parts.push_back(survey_submission(all, ports, domain, gate, done));
  parts.push_back(survey_name_servers(all, ports, domain, for_name_servers(deadline)));
  co_await gather(std::move(parts), all, deadline);
  co_return true;
}

}  // namespace mtasts
