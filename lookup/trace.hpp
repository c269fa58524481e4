// trace - what was asked of the network and what it answered, as values; and ports that record or replay it
// (mtastsctl explain and check).
//
// The steps are in the order in which they began. For the resolve thread only. Ports and trace must outlive
// each question.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ports/dns.hpp"
#include "ports/fetch.hpp"
#include "ports/name_servers.hpp"
#include "ports/smtp.hpp"

namespace mtasts {

struct DnsStep {
  std::string name;
  RrType type = RrType::a;
  DnsAnswer answer;
  std::chrono::milliseconds took{0};
};

struct HttpsStep {
  DomainName domain;  // whose policy
  std::expected<HttpAnswer, FetchError> answer;
  std::chrono::milliseconds took{0};
};

struct SmtpStep {
  SmtpRequest request;
  SmtpDialogue dialogue;
  std::chrono::milliseconds took{0};
};

// A policy host that was asked at one address.
struct PolicyHostStep {
  DomainName domain;  // whose policy
  Address address;
  PolicyHostAnswer answer;
  std::chrono::milliseconds took{0};
};

// A name server that was asked itself.
struct NameServerStep {
  Address server;
  DnsStep asked;
};

// A place where no sender looks for a policy.
struct PolicyPlaceStep {
  DomainName domain;  // whose policy
  PolicyPlace place;
  PlaceFound found = PlaceFound::not_asked;
  std::chrono::milliseconds took{0};
};

// explain and the daemon's traces have steps of the first two kinds only.
using Step = std::variant<DnsStep, HttpsStep, SmtpStep, PolicyHostStep, NameServerStep, PolicyPlaceStep>;
using Trace = std::vector<Step>;

// Why a question that is still open has failed. It is a failure of this host.
inline constexpr std::string_view no_answer_in_time = "no answer in time";
// What a fetch's step says until there is an answer.
FetchError not_fetched_yet();

// The first step with this question; nullptr: it was not asked. Valid until the trace changes.
const DnsStep* find_step(const Trace& trace, std::string_view name, RrType type) noexcept;
const HttpsStep* find_https(const Trace& trace) noexcept;
const SmtpStep* find_smtp(const Trace& trace, const SmtpRequest& request) noexcept;
const PolicyHostStep* find_policy_host(const Trace& trace, const DomainName& domain,
                                       const Address& address) noexcept;
const NameServerStep* find_name_server(const Trace& trace, const Address& server, std::string_view name,
                                       RrType type) noexcept;
const PolicyPlaceStep* find_place(const Trace& trace, const DomainName& domain, PolicyPlace place) noexcept;

// Ports that ask through another port, and add each question and its answer to the trace.
class TracingDns final : public Dns {
 public:
  TracingDns(Dns& dns, Trace& trace) : dns_(dns), trace_(trace) {}
  boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override;
  bool busy() const noexcept override { return dns_.busy(); }

 private:
  Dns& dns_;
  Trace& trace_;
};

class TracingFetch final : public Fetch {
 public:
  TracingFetch(Fetch& fetch, Trace& trace) : fetch_(fetch), trace_(trace) {}
  StartPtr start(const DomainName& domain, Dns& dns) override { return fetch_.start(domain, dns); }
  boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest request) override;
  boost::asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest request, Address address) override;
  boost::asio::awaitable<PlaceFound> look_at(PolicyRequest request, PolicyPlace place) override;

 private:
  Fetch& fetch_;
  Trace& trace_;
};

class TracingNameServers final : public NameServers {
 public:
  TracingNameServers(NameServers& servers, Trace& trace) : servers_(servers), trace_(trace) {}
  boost::asio::awaitable<DnsAnswer> ask_at(Address server, std::string name, RrType type) override;

 private:
  NameServers& servers_;
  Trace& trace_;
};

class TracingSmtp final : public Smtp {
 public:
  TracingSmtp(Smtp& smtp, Trace& trace) : smtp_(smtp), trace_(trace) {}
  boost::asio::awaitable<SmtpDialogue> talk(SmtpRequest request) override;

 private:
  Smtp& smtp_;
  Trace& trace_;
};

// Ports that answer from a trace. A question that was asked several times gets its answers in their order,
// then the last one again and again. A question that is not in the trace fails with a reason that says so,
// and is added to the trace.
class ReplayDns final : public Dns {
 public:
  explicit ReplayDns(Trace& trace) : trace_(trace), used_(trace.size()) {}
  boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override;

 private:
  Trace& trace_;
  std::vector<bool> used_;
};

class ReplayFetch final : public Fetch {
 public:
  explicit ReplayFetch(Trace& trace) : trace_(trace) {}
  StartPtr start(const DomainName&, Dns&) override { return nullptr; }
  boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest request) override;
  boost::asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest request, Address address) override;
  boost::asio::awaitable<PlaceFound> look_at(PolicyRequest request, PolicyPlace place) override;

 private:
  Trace& trace_;
};

// A question that is not in the trace fails, and says nothing about the server (DnsAnswer::local).
class ReplayNameServers final : public NameServers {
 public:
  explicit ReplayNameServers(Trace& trace) : trace_(trace) {}
  boost::asio::awaitable<DnsAnswer> ask_at(Address server, std::string name, RrType type) override;

 private:
  Trace& trace_;
};

// A dialogue that is not in the trace ends with SmtpTrouble::local: nothing is known about the server.
class ReplaySmtp final : public Smtp {
 public:
  explicit ReplaySmtp(Trace& trace) : trace_(trace) {}
  boost::asio::awaitable<SmtpDialogue> talk(SmtpRequest request) override;

 private:
  Trace& trace_;
};

}  // namespace mtasts
