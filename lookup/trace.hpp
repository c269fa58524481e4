// trace - what was asked of the network and what it answered, as values; and ports that record or replay it
// (mtastsctl explain).
//
// The steps are in the order in which they began. For the resolve thread only. Ports and trace must outlive
// each question.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "ports/dns.hpp"
#include "ports/fetch.hpp"

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

using Step = std::variant<DnsStep, HttpsStep>;
using Trace = std::vector<Step>;

// The first step with this question; nullptr: it was not asked. Valid until the trace changes.
const DnsStep* find_step(const Trace& trace, std::string_view name, RrType type) noexcept;
const HttpsStep* find_https(const Trace& trace) noexcept;

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

 private:
  Fetch& fetch_;
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

 private:
  Trace& trace_;
};

}  // namespace mtasts
