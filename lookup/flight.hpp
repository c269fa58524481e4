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
  using Moment = std::chrono::steady_clock::time_point;

  struct Asker {
    Question question;
    Deliver deliver;
  };
  struct Wanted {  // a next hop whose DANE state was asked for
    Route route;
    bool looked = false;
  };

  Flight(const boost::asio::any_io_executor& executor, const DomainName& domain_, Trigger trigger_,
         bool urgent_)
      : domain(domain_),
        trigger(trigger_),
        began(std::chrono::steady_clock::now()),
        urgent(urgent_),
        timer(executor, Moment::max()),
        idle(executor, Moment::max()) {}

  std::chrono::milliseconds up() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  }
  void want(std::optional<Route> route);

  DomainName domain;
  Trigger trigger;
  Moment began;
  bool urgent;  // has, or had, askers
  bool launched = false;
  bool relaxed = false;        // was launched as a recheck or refresh
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
