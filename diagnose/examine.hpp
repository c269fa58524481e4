// examine - what `mtastsctl check` works out: everything that a domain needs so that mail to it goes over
// verified TLS, looked at once, and judged.
//
// First collect() asks the network and notes every answer in a trace. Then examine() judges the trace alone.
// So a saved trace gives the same examination again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/candidate.hpp"
#include "diagnose/checking.hpp"
#include "diagnose/explanation.hpp"
#include "diagnose/prediction.hpp"
#include "diagnose/senders.hpp"
#include "lookup/trace.hpp"

namespace mtasts {

inline constexpr std::size_t most_mx_hosts = 20, most_addresses = 8;  // of a domain, of a host

struct CheckPorts {
  Dns& dns;      // validates, unless nothing does
  Dns& sts_dns;  // for the policy, as in Network
  Fetch& fetch;
  Smtp& smtp;
  NameServers& name_servers;
};

// Asks what a check of inputs.next_hop takes, until everything is answered or the deadline is over, and
// returns what was asked and answered. Questions that are late go on, and their answers are dropped: the
// ports must outlive them (LateWork in diagnose/run_to_end.hpp). done: is told the name of each part that has
// ended: "record and policy", "policy host", "MX hosts", "reports", "submission"; that may be after the
// deadline.
boost::asio::awaitable<Trace> collect(CheckPorts ports, ExplainInputs inputs,
                                      std::chrono::steady_clock::time_point deadline,
                                      std::function<void(std::string_view)> done);

enum class Overall : std::uint8_t { ok, warning, error, unknown };

constexpr std::string_view words(Overall overall) noexcept {
  switch (overall) {
    case Overall::ok: return "ok";
    case Overall::warning: return "warning";
    case Overall::error: return "error";
    case Overall::unknown: return "unknown";
  }
  return {};
}

struct Examination {
  Explanation explanation;
  std::vector<CheckStep> steps;
  Findings findings;  // in the order of the steps; within a step errors first
  Prediction prediction;
  std::vector<SenderOutcome> senders;  // empty: nothing is predicted
  Overall overall = Overall::unknown;
  std::optional<Time> first_expiry;  // see diagnose/first_expiry.hpp
};

// An error is worse than an unknown step, that is worse than a warning. Without steps nothing is known.
Overall overall_of(const std::vector<CheckStep>& steps, const Findings& findings) noexcept;

// Judges a trace; the network is not used.
Examination examine(const CheckInputs& inputs, Trace trace);

// What a trace says about the MX hosts, for judge_candidate(). nullopt: the next hop has no policy domain.
std::optional<LiveHosts> live_hosts(const CheckInputs& inputs, Trace trace);

}  // namespace mtasts
