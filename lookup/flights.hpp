// flights - at most one look at a domain at a time, whoever asks, and a bound on all of them.
//
// Lives on the resolve thread: every member is called there. Askers on other threads get here by a post, and
// are answered by a post (only plain values cross threads); a flight is never cancelled by an asker.
//
// A flight (lookup/flight.hpp) looks at what is due of a domain. It answers each asker as soon as it knows
// what that one needs, then waits for its record's commit (lookup/commits.hpp), and only then leaves the
// table: so nobody fetches twice. Which flight is launched when is FlightQueue's to say, whose DNS question
// is sent next DnsTurns', and who may ask a policy host PermitQueue's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>

#include "lookup/asking.hpp"
#include "lookup/commits.hpp"
#include "lookup/counted.hpp"
#include "lookup/flight.hpp"
#include "ports/store.hpp"

namespace mtasts {

struct FlightReport {  // for the log
  DomainName domain;
  Trigger trigger;
  const Discovery& found;
  std::chrono::milliseconds took;
  const Error* not_stored = nullptr;  // set: a second report, the policy could not be stored (yet)
};

struct FlightOptions {
  unsigned max_flying = 256;
  unsigned max_fetching = 640;           // policy hosts asked at once for askers,
  unsigned max_fetching_each = 64;       // at one address, and of one registrable domain
  std::size_t max_waiting = 100'000;     // flights that askers wait for; above that they are deferred
  std::size_t max_relaxed = 100'000;     // rechecks and refreshes that wait,
  std::size_t max_prefetched = 1'000;    // and how many at most when an unknown domain is added to them
  std::size_t max_uncommitted = 10'000;  // outcomes that wait for their commit; above, only policies do
  std::chrono::seconds commit_retry{5};
  DnsTurns::Limits dns{};
};

class Flights {
 public:
  using Report = std::function<void(const FlightReport&)>;

  // store and clock outlive this; executor is the resolve thread's. network may be nullptr: nothing flies
  // then until use() brings one.
  Flights(boost::asio::any_io_executor executor, std::shared_ptr<Network> network, Store& store,
          const Clock& clock, Report report, FlightOptions options = {});
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  // Joins the domain's flight or starts one; deliver gets its outcome, or a pending one at once if others
  // have waited for the same for the whole wait already: a dead domain holds up one asker and no second.
  // Where too many wait it is a shortage.
  void ask(const Question& question, Deliver deliver);

  // Starts a flight unless there is one, or too many wait; nobody waits for it. dane: of which next hop the
  // state is due too.
  void look_up_again(const DomainName& domain, std::optional<Route> dane, Trigger trigger);

  // Later flights use this pair (reload). While there is none, flights wait in their queues; this launches
  // them.
  void use(std::shared_ptr<Network> network);

  std::size_t flying() const noexcept { return shared_.queue.flying(); }
  // For a place, or for a permit to ask a policy host.
  std::size_t waiting() const noexcept { return shared_.queue.waiting() + shared_.permits.waiting(); }
  // Flights that the refresher began and that are not over, those that wait for a place or for their commit
  // too.
  std::size_t refreshing() const noexcept { return refreshes_.size(); }

 private:
  using FlightPtr = std::shared_ptr<Flight>;

  OutcomePtr settled(const DomainName& domain, std::optional<Route> dane);
  FlightPtr begin(const DomainName& domain, Trigger trigger, const FlightPtr& before);
  bool has_room_for(const DomainName& domain) const;
  void note_put_off(const DomainName& domain);
  bool stale(const Flight& flight, std::optional<Route> dane) const;
  void launch();
  void launch_later();
  void give_up(Flight& flight);
  boost::asio::awaitable<void> run(FlightPtr flight);
  boost::asio::awaitable<void> fly(FlightPtr flight);
  boost::asio::awaitable<void> commit(FlightPtr flight);
  void land(Flight& flight, OutcomePtr outcome);
  bool superseded(const Flight& flight) const;
  void forget(const Flight& flight);

  FlightsShared shared_;
  std::shared_ptr<Network> network_;
  Store& store_;
  Report report_;
  FlightOptions options_;
  Commits commits_;
  std::unordered_map<DomainName, FlightPtr> table_;
  Counter refreshes_;
  std::unordered_map<DomainName, Flight::Instant> put_off_;  // got no permit, and when
  boost::asio::steady_timer next_launch_;                    // when a flight has to give its place to another
};

}  // namespace mtasts
