// resolver_choice - [dns] forward = "auto": who resolves (docs/adr/0005).
//
// Three ways are tried at once: recursion from the root; the resolvers of /etc/resolv.conf; the same without
// validation. The first of them in that order that works is taken, within a few seconds: behind a firewall
// that filters port 53, and with a resolver that strips DNSSEC, the daemon works at once. If nothing works,
// recursion is what remains.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "lookup/self_test.hpp"

namespace mtasts {

enum class Way {
  configured,   // [dns] forward is a list: as it is
  recursion,    // validated
  resolvers,    // validated
  unvalidated,  // the resolvers, without DNSSEC: MTA-STS works, DANE does not
};

// The resolvers of /etc/resolv.conf, as UnboundOptions takes them.
using Resolvers = std::vector<std::string>;

// A new Dns that goes this way.
using MakeDns = std::function<Result<std::shared_ptr<Dns>>(Way, const Resolvers&)>;

struct Tried {  // nullopt: not known yet
  std::optional<SelfTest> recursion, resolvers, unvalidated;
};

struct Choice {
  Way way = Way::recursion;
  // no_answer: nothing answers, and nothing is known about DNSSEC.
  SelfTest::Outcome outcome = SelfTest::Outcome::no_answer;
  std::string detail;        // why there is no DNSSEC, or a warning while there is
  std::string words;         // one line: the way, and why this one
  std::shared_ptr<Dns> dns;  // the one that was tried; nullptr only if it can't be made
};

// nullopt: a better way may still turn out to work. Pure; dns is not set.
std::optional<Choice> choose(const Tried& tried, const Resolvers& resolvers);

struct ChoiceOptions {
  MakeDns make;
  TrustAnchor anchor;
  Resolvers resolvers;
  std::chrono::milliseconds limit{3000};
};

// Tries and chooses, within limit. clock outlives this.
boost::asio::awaitable<Choice> choose_way(ChoiceOptions options, const Clock& clock);

struct Trial {
  SelfTest test;
  std::shared_ptr<Dns> dns;  // the one that was tried; nullptr if it can't be made
};

// Tries one way that validates, within limit.
boost::asio::awaitable<Trial> try_way(ChoiceOptions options, Way way, const Clock& clock);

}  // namespace mtasts
