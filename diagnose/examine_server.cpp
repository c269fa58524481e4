#include "diagnose/examine_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "core/catalogue.hpp"
#include "diagnose/smtp_ending.hpp"
#include "diagnose/survey_questions.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

using Ports = std::vector<SmtpHostFacts>;

constexpr std::uint16_t mx_port = 25, implicit_tls_port = 465;  // RFC 8314 section 3.3

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
  DnsAnswer aaaa = co_await dns.ask(host, RrType::aaaa);
  DnsAnswer a = co_await dns.ask(host, RrType::a);
  for (const DnsAnswer* answer : {&aaaa, &a})
    if (answer->kind == DnsAnswer::Kind::failed) found.failure = printable(answer->reason, 200);
  ChosenAddresses chosen = choose_addresses(a, aaaa);
  found.addresses = std::move(chosen.addresses);
  found.left_out = chosen.left_out;
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

bool nobody_answers(const SmtpHostFacts& port) {
  return std::ranges::all_of(port.addresses, [&](const SmtpAddressFacts& each) {
    return ending_of(each.dialogue, port.implicit_tls).kind == SmtpEnding::Kind::unreachable;
  });
}

// A port that need not be there, and is not.
Judgement judge_absent(const SmtpHostFacts& port) {
  Judgement judgement;
  const SmtpAddressFacts& first = port.addresses.front();
  Where where{.step = "smtp", .host = port.name, .port = port.port};
  std::string what =
      fmt::format("{}[{}] {}, at port {}, which is for users", port.name, to_string(first.address),
                  ending_of(first.dialogue, port.implicit_tls).words, port.port);
  judgement.findings.push_back(make_finding("mx-unreachable", printable(what, 600), std::move(where)));
  judgement.findings.back().severity = Severity::info;
  judgement.steps.push_back({"smtp", port.name, StepState::ok, "nobody answers; an MX host need not"});
  return judgement;
}

Judgement judge_port(SmtpHostFacts port, bool wanted, unsigned warn_days, Time now) {
  if (!wanted && nobody_answers(port)) return judge_absent(port);
  SmtpFacts facts{.warn_days = warn_days};
  facts.hosts.push_back(std::move(port));
  Judgement judgement = judge_smtp(facts, now);
  for (Finding& each : judgement.findings)
    if (!wanted && (each.code == "mx-unreachable" || each.code == "mx-ipv6-unreachable"))
      each.severity = Severity::info;
  return judgement;
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

Judgement judge_server(const std::string& host, const ServerAddresses& found, Ports ports, WantedPorts wanted,
                       unsigned warn_days, Time now) {
  if (found.addresses.empty()) return judge_without_address(host, found.failure);
  Judgement judgement;
  for (SmtpHostFacts& port : ports) {
    port.left_out = found.left_out;
    bool must_be_there = wanted == WantedPorts::all || port.port == mx_port;
    std::string prefix = ports.size() > 1 ? fmt::format("port {}: ", port.port) : std::string();
    Judgement one = judge_port(std::move(port), must_be_there, warn_days, now);
    for (CheckStep& step : one.steps) step.words.insert(0, prefix);
    std::ranges::move(one.steps, std::back_inserter(judgement.steps));
    std::ranges::move(one.findings, std::back_inserter(judgement.findings));
  }
  return judgement;
}

}  // namespace mtasts
