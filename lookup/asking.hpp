// asking - the question that an asker hands to the flights, and the outcome that it gets.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "core/decide.hpp"
#include "core/record.hpp"
#include "lookup/dane_lookup.hpp"
#include "lookup/discover.hpp"
#include "lookup/trace.hpp"

namespace mtasts {

// The ports that a reload may replace. A flight keeps the ones it began with.
struct Network {
  std::unique_ptr<Dns> dns;      // validates DNSSEC, while any way does
  std::unique_ptr<Fetch> fetch;  // uses the Dns that each request brings
  DaneLookupOptions dane{};      // the largest limits that any zone wants
  // For TXT records and policy hosts. MTA-STS does not need DNSSEC, and must keep working where a resolver
  // strips it. nullptr: dns is used.
  std::unique_ptr<Dns> sts_dns = nullptr;

  Dns& dns_for_sts() const noexcept { return sts_dns ? *sts_dns : *dns; }
};

// What an asker wants to know about a next hop.
struct Question {
  DomainName domain;
  std::optional<Route> dane{};  // its state is wanted too; nullopt: the policy alone
  // Once DANE is decided, an asker waits at most this long for an unknown policy (STS-38). It also waits this
  // long for a newer policy if the MX hosts can't satisfy the one in force (STS-40).
  std::chrono::milliseconds fetch_wait{5000};
  std::chrono::milliseconds wait{8000};  // the longest wait in all
  bool trace = false;                    // if this question starts a flight, the flight keeps a trace
  // The rules by which the asker will decide; dnssec_detail is not read. Nobody waits for a policy that can't
  // change the decision.
  ZoneRules rules{};
};

// What an asker gets. Immutable; all askers share it.
struct LookupOutcome {
  enum class State {
    known,  // `record` is set; if the policy is not known within fetch_wait, its last_lookup.state is pending
    pending,     // nothing was found out within the wait: decide by what is cached, with DANE undecided
    unreadable,  // the cache can't be read, so nobody knows what it demands: answer TEMP
    shortage,    // this host lacked something (a descriptor), so nothing was found out: answer TEMP
  };
  State state = State::known;
  Record record;                                 // known only
  std::shared_ptr<const Trace> trace = nullptr;  // so far; nullptr: the flight keeps none
  std::string detail{};                          // of a shortage: what this host lacked, in words
};
using LookupOutcomePtr = std::shared_ptr<const LookupOutcome>;
using Deliver =
    std::move_only_function<void(LookupOutcomePtr)>;  // called once, on the resolve thread; must only post

}  // namespace mtasts
