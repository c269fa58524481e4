// flight - the state of one look at a domain; part of flights, not for others.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <vector>

#include "lookup/flights.hpp"

namespace mtasts {

// What was noted so far, for an outcome; nullptr: nothing is noted.
std::shared_ptr<const Trace> noted(const std::shared_ptr<Trace>& trace);

struct Flights::Flight {
  using Instant = std::chrono::steady_clock::time_point;

  struct Asker {
    Question question;
    Deliver deliver;
  };
  struct Wanted {  // a next hop whose DANE state was asked for
    Route route;
    bool looked = false;
    std::optional<Instant> asked{};  // when somebody first waited for it
  };

  Flight(const boost::asio::any_io_executor& executor, const DomainName& domain_, Trigger trigger_,
         bool urgent_)
      : domain(domain_),
        trigger(trigger_),
        urgent(urgent_),
        timer(executor, Instant::max()),
        idle(executor, Instant::max()) {}

  // How long the policy has been waited for.
  std::chrono::milliseconds waited() const;
  // The route's state is to be looked up too; nullptr: no route.
  Wanted* want(std::optional<Route> route);
  // Somebody asks now. Since when what he needs is waited for.
  Instant note_asked(std::optional<Route> route);

  DomainName domain;
  Trigger trigger;
  std::optional<Instant> asked{};        // when somebody first waited
  bool urgent;                           // has, or had, askers
  std::shared_ptr<const int> counted{};  // as a refresh
  bool launched = false;
  bool relaxed = false;        // was launched as a recheck or refresh
  bool has_place = false;      // counts among those that fly
  bool fetching = false;       // its policy host is asked, or about to be
  std::optional<Look> look;    // while it flies: what is known so far; its record starts as the stored one
  bool policy_looked = false;  // nothing more will be found out about the policy
  OutcomePtr outcome;          // set once all is known; the flight then only waits for its commit
  OutcomePtr before;           // what an earlier flight knew and could not store yet
  std::shared_ptr<Network> network;  // while it flies
  std::shared_ptr<Trace> trace;      // set before the launch: what it asks is noted
  std::vector<Wanted> wanted;
  std::size_t looking = 0;  // DANE looks under way
  std::vector<Asker> askers;
  boost::asio::steady_timer timer;  // the next moment at which an asker does without the policy
  boost::asio::steady_timer idle;   // cancelled when looking comes to 0
};

}  // namespace mtasts
