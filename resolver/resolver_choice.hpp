// resolver_choice - who resolves (docs/adr/0005).
//
// The ways of a configuration are tried at once: with [dns] forward = "auto" recursion from the root and the
// resolvers of /etc/resolv.conf; else the configured one. The first of them that validates DNSSEC is taken,
// within a few seconds: behind a firewall that filters port 53 the daemon works at once. Resolvers are tried
// one by one, and those that don't validate are left out while others do. Beside them the same resolvers are
// tried without validation: for MTA-STS, which does not need DNSSEC, while nothing validates.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/name_server.hpp"
#include "core/result.hpp"
#include "resolver/dnssec_check.hpp"

namespace mtasts {

enum class Way {
  configured,   // [dns] forward is a list: as it is; validated
  recursion,    // validated
  resolvers,    // of /etc/resolv.conf, validated
  unvalidated,  // without DNSSEC: MTA-STS works, DANE does not
};

// Whom a way asks; empty: the name servers of the zones (recursion).
using Resolvers = std::vector<NameServer>;

// A new Dns that goes this way and asks these.
using MakeDns = std::function<Result<std::shared_ptr<Dns>>(Way, const Resolvers&)>;

// One trial: of a way, through all or one of its resolvers.
struct Trial {
  Way way = Way::recursion;
  Resolvers servers;
  std::optional<DnssecCheck> test{};   // nullopt: not known yet
  std::shared_ptr<Dns> dns = nullptr;  // the one that was tried; nullptr if it can't be made
};
using Trials = std::vector<Trial>;

struct WaysToTry {
  bool choose = false;  // [dns] forward = "auto"
  Resolvers resolvers;  // of /etc/resolv.conf if so, else the configured list
  std::string words;    // for the configured way: "recursion, as configured"
};

// In the order of preference; the trials of one way stand side by side.
Trials trials_for(const WaysToTry& ways);

struct Choice {
  // The first way that validates. If none does, one that answers, so that what validates all the same is
  // still found out.
  Way way = Way::recursion;
  Resolvers servers;  // of this way, those to be asked
  // broken: a way gave wrong answers and none validates. no_answer: nothing is known about DNSSEC.
  DnssecCheck::Outcome outcome = DnssecCheck::Outcome::no_answer;
  std::string detail;          // why nothing validates, or a warning while something does
  std::string words;           // one line: the way, and why this one
  std::shared_ptr<Dns> dns;    // validates; a new one if the trial failed; nullptr only if it can't be made
  std::shared_ptr<Dns> plain;  // does not validate, and answers; nullptr while something validates
  std::vector<Way> silent;     // if nothing validates: the validating ways that do not answer at all
  bool blames_clock = false;   // if nothing validates: some way says that the clock is wrong
  bool works() const noexcept { return outcome == DnssecCheck::Outcome::works; }
};

// nullopt: a better way may still turn out to work. Pure; dns is not set where several servers are to be
// asked.
std::optional<Choice> choose(const Trials& trials, const WaysToTry& ways);

struct ChoiceOptions {
  MakeDns make;
  TrustAnchor anchor;
  WaysToTry ways;
  std::chrono::milliseconds limit{3000};
};

// Tries and chooses, within limit. clock outlives this.
boost::asio::awaitable<Choice> choose_way(ChoiceOptions options, const Clock& clock);

}  // namespace mtasts
