#include "diagnose/examine_server.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "core/catalogue.hpp"
#include "diagnose/examine.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

using Ports = std::vector<SmtpHostFacts>;

constexpr std::uint16_t implicit_tls_port = 465;  // RFC 8314 section 3.3

asio::awaitable<bool> talk_to_address(Smtp& smtp, std::shared_ptr<Ports> ports, std::size_t at) {
  for (SmtpHostFacts& port : *ports) {
    SmtpAddressFacts& facts = port.addresses[at];
    facts.dialogue = co_await smtp.talk({facts.address, port.port, port.name, port.implicit_tls});
  }
  co_return true;
}

SmtpHostFacts facts_of(const std::string& host, unsigned port, const std::vector<Address>& addresses) {
  SmtpHostFacts facts;
  facts.name = host;
  facts.port = static_cast<std::uint16_t>(port);
  facts.implicit_tls = port == implicit_tls_port;
  for (const Address& each : addresses) {
    SmtpAddressFacts at{each, {}};
    at.dialogue.trouble = SmtpTrouble::local;  // until one is held
    at.dialogue.detail = "not done";
    facts.addresses.push_back(std::move(at));
  }
  return facts;
}

}  // namespace

asio::awaitable<ServerAddresses> find_server(Dns& dns, std::string host) {
  ServerAddresses found;
  for (RrType type : {RrType::aaaa, RrType::a}) {
    DnsAnswer answer = co_await dns.ask(host, type);
    if (answer.kind == DnsAnswer::Kind::failed) found.failure = printable(answer.reason, 200);
    if (answer.kind != DnsAnswer::Kind::data) continue;
    for (const std::string& rdata : answer.rdata)
      if (auto address = decode_address(rdata); address && found.addresses.size() < most_addresses)
        found.addresses.push_back(*address);
  }
  co_return found;
}

asio::awaitable<Ports> talk_to_server(Smtp& smtp, std::string host, std::vector<Address> addresses,
                                      std::vector<unsigned> ports) {
  auto all = std::make_shared<Ports>();
  for (unsigned port : ports) all->push_back(facts_of(host, port, addresses));
  std::vector<asio::awaitable<bool>> talks;
  for (std::size_t at = 0; at < addresses.size(); ++at) talks.push_back(talk_to_address(smtp, all, at));
  co_await gather(std::move(talks), all);
  co_return std::move(*all);
}

namespace {

// With several ports, each step says which one it is about.
void name_ports(const std::vector<unsigned>& ports, std::vector<CheckStep>& steps) {
  if (ports.size() < 2 || ports.size() != steps.size()) return;
  for (std::size_t i = 0; i < ports.size(); ++i)
    steps[i].words = fmt::format("port {}: {}", ports[i], steps[i].words);
}

// A domain may have other MX hosts; a server has nothing else.
Judgement judge_without_address(const std::string& host, const std::string& failure) {
  Judgement judgement;
  CheckStep step{"smtp", host, StepState::unknown, "its addresses could not be looked up (" + failure + ')'};
  if (failure.empty()) {
    step.state = StepState::found;
    step.words = "it has no address";
    Finding finding = make_finding("mx-no-address", host + " has no address", {.step = "smtp", .host = host});
    finding.severity = Severity::error;
    judgement.findings.push_back(std::move(finding));
  }
  judgement.steps.push_back(std::move(step));
  return judgement;
}

}  // namespace

Judgement judge_server(const std::string& host, const ServerAddresses& found, Ports ports, unsigned warn_days,
                       Time now) {
  if (found.addresses.empty()) return judge_without_address(host, found.failure);
  std::vector<unsigned> numbers;
  for (const SmtpHostFacts& each : ports) numbers.push_back(each.port);
  SmtpFacts facts;
  facts.hosts = std::move(ports);
  facts.warn_days = warn_days;
  Judgement judgement = judge_smtp(facts, now);
  name_ports(numbers, judgement.steps);
  return judgement;
}

}  // namespace mtasts
