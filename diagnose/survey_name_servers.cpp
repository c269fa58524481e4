// What each name server of a domain itself says about the MTA-STS record.
#include <algorithm>
#include <set>

#include "diagnose/survey.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_servers = 8;

std::vector<std::string> hosts_of(const DnsAnswer& answer) {
  std::set<std::string> hosts;
  for (std::string_view rdata : answer.rdata)
    if (auto host = take_name(rdata); host && DomainName::parse(*host)) hosts.insert(*std::move(host));
  std::vector<std::string> all(hosts.begin(), hosts.end());
  if (all.size() > most_servers) all.resize(most_servers);
  return all;
}

// The servers of the zone that holds the name: those of the nearest name above it that has any. Empty: it is
// not known.
asio::awaitable<std::vector<std::string>> servers_of(Dns& dns, std::string name) {
  while (name.contains('.')) {  // top-level domains have other servers than their domains
    DnsAnswer answer = co_await dns.ask(name, RrType::ns);
    if (answer.kind == DnsAnswer::Kind::failed || answer.security == DnsAnswer::Security::bogus) break;
    // An alias has no servers of its own; these are its target's.
    if (answer.kind == DnsAnswer::Kind::data && answer.canonical.empty()) co_return hosts_of(answer);
    bool no_such_domain = answer.kind == DnsAnswer::Kind::nxdomain && !name.starts_with('_');
    if (no_such_domain) break;  // what is above belongs to others
    name.erase(0, name.find('.') + 1);
  }
  co_return std::vector<std::string>{};
}

// IPv4 first, which more servers have. The other family if the question could not even be sent.
asio::awaitable<bool> ask_server(CheckPorts ports, std::string question, SurveyedNameServer& server) {
  for (RrType type : {RrType::a, RrType::aaaa}) {
    DnsAnswer found = co_await ports.sts_dns.ask(server.name, type);
    if (found.kind != DnsAnswer::Kind::data || found.rdata.empty()) continue;
    auto address = decode_address(found.rdata.front());
    if (!address) continue;
    server.answer = co_await ports.name_servers.ask_at(*address, question, RrType::txt);
    if (!server.answer.local) break;
  }
  co_return true;
}

asio::awaitable<bool> ask_servers(std::shared_ptr<Survey> all, CheckPorts ports, std::string question) {
  std::vector<std::string> names = co_await servers_of(ports.sts_dns, question);
  if (names.size() < 2) co_return true;  // one can't differ
  for (std::string& name : names) all->name_servers.push_back({std::move(name), {}});
  std::vector<asio::awaitable<bool>> asks;
  for (SurveyedNameServer& each : all->name_servers) asks.push_back(ask_server(ports, question, each));
  co_await gather(std::move(asks), all);
  co_return true;
}

}  // namespace

asio::awaitable<bool> survey_name_servers(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                          std::chrono::steady_clock::time_point deadline) {
  std::vector<asio::awaitable<bool>> one;
  one.push_back(ask_servers(all, ports, "_mta-sts." + std::string(domain.str())));
  co_await gather(std::move(one), all, deadline);
  co_return true;
}

}  // namespace mtasts
