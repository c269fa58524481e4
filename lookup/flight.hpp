// flight - one lookup of a domain: of its policy, and of the states of the next hops that were asked for.
//
// It answers each asker as soon as it knows what that asker needs. The policy and the states are looked up at
// the same time, and none waits for another. For the resolve thread; lookup/flights.hpp launches and lands
// it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lookup/asking.hpp"
#include "lookup/counted.hpp"
#include "lookup/dns_share.hpp"
#include "lookup/fetch_permits.hpp"
#include "lookup/flight_queue.hpp"

namespace mtasts {

// What all flights share. It must outlive their coroutines, unless the executor's loop ends first.
struct FlightsShared {
  boost::asio::any_io_executor executor;
  const Clock& clock;
  FlightQueue queue;
  DnsShares dns;
  FetchPermits permits;
  std::function<void()> place_is_free;
};

class Flight final : public QueuedFlight, public std::enable_shared_from_this<Flight> {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // before: what an earlier flight of the domain found out and has not stored yet; nullptr: there was none.
  Flight(FlightsShared& shared, const DomainName& domain, Trigger trigger, LookupOutcomePtr before);

  const DomainName& domain() const noexcept { return domain_; }
  Trigger trigger() const noexcept { return trigger_; }
  const LookupOutcomePtr& before() const noexcept { return before_; }
  const LookupOutcomePtr& outcome() const noexcept { return outcome_; }  // nullptr until it has landed
  bool was_asked() const noexcept { return asked_.has_value(); }
  // By then every asker has had an answer, whatever is known.
  Instant waited_for_until() const noexcept { return waited_for_until_; }
  // Its askers have already waited for a permit, in an earlier flight: it takes one that is free now, or
  // none.
  void spend_permit_wait() noexcept { permit_wait_spent_ = true; }
  void count(Counter::Token token) { counted_.emplace(std::move(token)); }

  // True if the route's state can be looked up too. A flight has a limited number of routes, because one
  // domain can be asked for with any number of ports.
  bool can_want(std::optional<Route> route) const noexcept;
  // Has the route's state looked up too, at once if the flight is under way. Does nothing if can_want() is
  // false, or if the flight has landed.
  void want(std::optional<Route> route);
  // The final outcome, or an early one if that settles all that this asker needs. nullptr: the asker has to
  // wait.
  LookupOutcomePtr answer_for(const Question& question) const;
  // Adds an asker that waits. It gets a pending outcome at once if others have already waited for the same as
  // long as it would. REQUIRES: can_want().
  void join(const Question& question, Deliver deliver);

  // Makes the lookup, beginning with the stored entry, and returns what was found out. Ends within the limits
  // of the network's ports.
  boost::asio::awaitable<Discovery> fly(std::shared_ptr<Network> network, Record stored);
  // Tells it that its place was given to another flight (FlightState::slow).
  void slow_down();
  // Nothing more will be found out: tells each asker, and releases what the lookup held.
  void land(LookupOutcomePtr outcome);
  // A copy of the trace so far, for an outcome; nullptr: it keeps none.
  std::shared_ptr<const Trace> noted() const;

 private:
  class PolicyHost;
  struct Asker {
    Question question;
    Deliver deliver;
  };
  struct Wanted {  // a next hop whose DANE state was asked for
    Route route;
    bool looked = false;
    std::string shortage{};          // what this host lacked, so that nothing was found out
    std::optional<Instant> asked{};  // when somebody first waited for it
  };
  enum class PolicyStep { not_looked_up, looking, at_policy_host, shortage, known };

  Wanted* wanted(std::optional<Route> route);
  Instant note_asked(std::optional<Route> route);
  void settle();
  void arm();
  boost::asio::awaitable<void> look_up_policy();
  boost::asio::awaitable<void> look_up_state(std::shared_ptr<Flight> self, Route route);
  boost::asio::awaitable<bool> may_ask_policy_host(std::optional<Address> first);
  void start_dane_lookups();
  void leave_place_to_fetch();
  const std::string& shortage() const;
  LookupOutcomePtr shortage_outcome(std::string why) const;
  std::string why_dane_is_unknown() const;
  const std::string& dane_shortage(Route route) const;
  std::chrono::milliseconds waited() const;
  std::chrono::milliseconds patience() const;

  FlightsShared& shared_;
  DomainName domain_;
  Trigger trigger_;
  LookupOutcomePtr before_, outcome_;
  std::optional<Counter::Token> counted_{};
  std::vector<Asker> askers_;
  std::optional<Instant> asked_{};  // when somebody first waited
  Instant waited_for_until_{};
  std::chrono::milliseconds longest_patience_{};  // the longest fetch_wait of its askers
  bool permit_wait_spent_ = false;
  std::vector<Wanted> wanted_;
  std::shared_ptr<Trace> trace_;     // set before the launch if the flight keeps a trace
  boost::asio::steady_timer timer_;  // when the next asker stops waiting for the policy

  // While it flies:
  std::optional<Discovery> found_;  // what is known so far; its record starts as the stored one
  std::shared_ptr<Network> network_;
  std::shared_ptr<DnsShare> share_;
  std::optional<FetchPermits::Permit> permit_;
  std::string fetch_shortage_;  // what this host lacked for the fetch; empty: nothing
  PolicyStep policy_ = PolicyStep::not_looked_up;
  std::size_t dane_lookups_ = 0;                // under way
  boost::asio::steady_timer dane_lookup_done_;  // cancelled when none is under way
};

}  // namespace mtasts
