// resolver_choice - chooses the way in which names are resolved (docs/adr/0005).
//
// All ways of a configuration are tried at the same time. With [dns] forward = "auto" these are recursion
// from the root and the resolvers of /etc/resolv.conf; otherwise it is the configured way. The first in this
// order that validates DNSSEC is taken, within a few seconds, so that the daemon soon works even behind a
// firewall that filters port 53.
//
// Each resolver is tried by itself, and those that don't validate are left out while others do. The same
// resolvers are also tried without validation: MTA-STS, which does not need DNSSEC, uses them while nothing
// validates.
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

// The resolvers that a way asks; empty: recursion, which asks the name servers of the DNS zones.
using Resolvers = std::vector<NameServer>;

// Makes a new Dns that goes this way and asks these resolvers.
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
  Resolvers resolvers;  // those of /etc/resolv.conf if `choose`, else the configured list
  std::string words;    // says what the configured way is: "recursion, as configured"
};

// The trials in the order of preference; those of one way are next to each other.
Trials trials_for(const WaysToTry& ways);

struct Choice {
  // The first way that validates. If none does, one that answers: single answers may still validate.
  Way way = Way::recursion;
  Resolvers servers;  // the resolvers of this way that are to be asked
  // broken: a way gave wrong answers and none validates. no_answer: nothing is known about DNSSEC.
  DnssecCheck::Outcome outcome = DnssecCheck::Outcome::no_answer;
  std::string detail;          // why nothing validates, or a warning while something does
  std::string words;           // one line: the way, and why this one
  std::shared_ptr<Dns> dns;    // validates; a new one if the trial failed; nullptr only if it can't be made
  std::shared_ptr<Dns> plain;  // answers without validation; nullptr while something validates
  std::vector<Way> silent;     // if nothing validates: the validating ways that do not answer at all
  bool blames_clock = false;   // if nothing validates: some way says that the clock is wrong
  bool works() const noexcept { return outcome == DnssecCheck::Outcome::works; }
};

// Chooses by the trials so far. nullopt: a better way may still turn out to work. Pure. Choice::dns is not
// set if several servers are to be asked.
std::optional<Choice> choose(const Trials& trials, const WaysToTry& ways);

struct ChoiceOptions {
  MakeDns make;
  TrustAnchor anchor;
  WaysToTry ways;
  std::chrono::milliseconds limit{3000};
};

// Runs the trials and chooses, within options.limit. clock must outlive the trials, which may end later.
boost::asio::awaitable<Choice> choose_way(ChoiceOptions options, const Clock& clock);

}  // namespace mtasts
