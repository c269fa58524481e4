#include "diagnose/survey_submission.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>
#include <utility>

#include "diagnose/examine_server.hpp"
#include "diagnose/survey_questions.hpp"
#include "lookup/dane_plan.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_submission_servers = 4;

struct Service {
  std::string_view label;
  bool implicit_tls;
};
// RFC 8314 section 3.3 prefers the first.
constexpr auto services =
    std::to_array<Service>({{"_submissions._tcp.", true}, {"_submission._tcp.", false}});

using Answers = std::array<DnsAnswer, services.size()>;

bool has_failed(const DnsAnswer& answer) noexcept {
  return answer.kind == DnsAnswer::Kind::failed || answer.security == DnsAnswer::Security::bogus;
}

// The servers of a service in the order in which clients try them. Where chance decides, by weight, the order
// is a fixed one.
std::vector<SrvRecord> offered(const DnsAnswer& answer) {
  std::vector<SrvRecord> records;
  if (has_failed(answer)) return records;
  for (const std::string& rdata : answer.rdata)
    if (auto record = decode_srv(rdata); record && record->port != 0 && DomainName::parse(record->target))
      records.push_back(*std::move(record));
  std::ranges::sort(records, {}, [](const SrvRecord& each) {
    return std::tuple(each.priority, -int{each.weight}, std::string_view(each.target), each.port);
  });
  return records;
}

void add_server(SubmissionFacts& facts, const SrvRecord& record, bool implicit_tls) {
  bool known = std::ranges::any_of(facts.servers, [&](const SubmissionServer& each) {
    return each.server.name == record.target && each.server.port == record.port;
  });
  if (known) return;
  if (facts.servers.size() == most_submission_servers) {
    ++facts.left_out;
    return;
  }
  SmtpHostFacts server;
  server.name = record.target;
  server.port = record.port;
  server.implicit_tls = implicit_tls;
  facts.servers.push_back({std::move(server), {}});
}

// The first one of each service, then the second ones, and so on.
void list_servers(SubmissionFacts& facts, const Answers& answers) {
  std::array<std::vector<SrvRecord>, services.size()> offers;
  std::ranges::transform(answers, offers.begin(), offered);
  std::size_t most = std::ranges::max(offers, {}, &std::vector<SrvRecord>::size).size();
  for (std::size_t rank = 0; rank < most; ++rank)
    for (std::size_t i = 0; i < services.size(); ++i)
      if (rank < offers[i].size()) add_server(facts, offers[i][rank], services[i].implicit_tls);
}

asio::awaitable<bool> find_servers(std::shared_ptr<Survey> all, Dns& dns, std::string domain) {
  auto answers = std::make_shared<Answers>();
  Work asks;
  for (std::size_t i = 0; i < services.size(); ++i) {
    std::string name = std::string(services[i].label) + domain;
    DnsAnswer& answer = (*answers)[i];
    answer.kind = DnsAnswer::Kind::nxdomain;  // of a name that is too long for DNS
    if (name.size() <= most_name_octets) asks.push_back(ask(dns, std::move(name), RrType::srv, answer));
  }
  co_await gather(std::move(asks), answers);
  all->submission.failure.clear();
  for (std::size_t i = 0; i < services.size(); ++i)
    if (has_failed((*answers)[i]) && all->submission.failure.empty())
      all->submission.failure =
          failure_words(RrType::srv, std::string(services[i].label) + domain, (*answers)[i]);
  list_servers(all->submission, *answers);
  co_return true;
}

asio::awaitable<bool> survey_server(std::shared_ptr<Survey> all, std::size_t index, CheckPorts ports,
                                    std::shared_ptr<Gate> gate) {
  SubmissionServer& facts = all->submission.servers[index];
  ServerAddresses found = co_await find_server(ports.dns, facts.server.name);
  facts.failure = std::move(found.failure);
  facts.server.left_out = found.left_out;
  for (const Address& each : found.addresses) facts.server.addresses.push_back({each, not_held_yet()});
  co_await gate->async_wait(asio::as_tuple(asio::use_awaitable));
  Work talks;
  for (SmtpAddressFacts& each : facts.server.addresses)
    talks.push_back(
        talk(ports.smtp,
             SmtpRequest{each.address, facts.server.port, facts.server.name, facts.server.implicit_tls},
             each.dialogue));
  co_await gather(std::move(talks), all);
  co_return true;
}

}  // namespace

GatePass pass_of(std::shared_ptr<Gate> gate) {
  // Whoever waits is woken, and whoever comes later does not wait.
  return {gate.get(), [gate](const void*) { gate->expires_at(Gate::time_point::min()); }};
}

asio::awaitable<bool> survey_submission(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                        std::shared_ptr<Gate> gate,
                                        std::function<void(std::string_view)> done) {
  co_await find_servers(all, ports.dns, std::string(domain.str()));
  Work servers;
  for (std::size_t i = 0; i < all->submission.servers.size(); ++i)
    servers.push_back(survey_server(all, i, ports, gate));
  co_await gather(std::move(servers), all);
  done("submission");
  co_return true;
}

}  // namespace mtasts
