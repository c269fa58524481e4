// asking - what those who need a domain's policy or DANE state ask of the flights, and what they are told.
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

// The ports that a reload may replace; a flight keeps those it began with.
struct Network {
  std::unique_ptr<Dns> dns;      // validates, as long as anything does
  std::unique_ptr<Fetch> fetch;  // asks one of these two
  DaneLookupOptions dane{};      // the most that any zone wants
  // For a policy's TXT record and its host: MTA-STS does not need DNSSEC, and must go on where a resolver
  // strips it. nullptr: dns.
  std::unique_ptr<Dns> sts_dns = nullptr;

  Dns& dns_for_sts() const noexcept { return sts_dns ? *sts_dns : *dns; }
};

// What an asker needs to know.
struct Question {
  DomainName domain;
  std::optional<Route> dane{};  // the next hop's DANE state too; nullopt: the policy alone
  // An unknown policy is not waited for longer than this (STS-38), once DANE is decided. Also how long a
  // newer policy is looked for where the MX hosts can't satisfy the one in force (STS-40).
  std::chrono::milliseconds fetch_wait{5000};
  std::chrono::milliseconds wait{8000};  // in all
  bool trace = false;                    // a flight that this question starts notes what it asks
  // By which the asker decides; dnssec_detail is not used. A policy that can't change the answer is not
  // waited for.
  ZoneRules rules{};
};

// What an asker is told. Immutable, shared between all askers.
struct Outcome {
  enum class State {
    known,       // also if the policy isn't known within fetch_wait: record.last_lookup.state is then pending
    pending,     // not known within the wait: what is cached decides, and DANE is undecided
    unreadable,  // the cache can't be read, so nobody knows what it demands: answer TEMP
    shortage,    // this host lacked what a lookup takes (a descriptor), so nothing was found out: answer TEMP
  };
  State state = State::known;
  Record record;                                 // known only
  std::shared_ptr<const Trace> trace = nullptr;  // so far; set if the flight notes it
  std::string detail{};                          // of a shortage: what was lacking, in words
};
using OutcomePtr = std::shared_ptr<const Outcome>;
using Deliver =
    std::move_only_function<void(OutcomePtr)>;  // called once, on the resolve thread; must only post

}  // namespace mtasts
