// flights - at most one lookup of a domain at a time, whoever asks, and a limit on all lookups together.
//
// Lives on the resolve thread; every member must be called there. Askers on other threads post their question
// and are answered by a post; only plain values cross threads. An asker never cancels a flight.
//
// A flight (lookup/flight.hpp) looks up what is due for a domain. It answers each asker as soon as it knows
// what that asker needs. Then it waits until its entry is committed (lookup/commits.hpp), and only then
// leaves the table, so that nothing is fetched twice. FlightQueue decides which flight is launched, DnsTurns
// which DNS question is sent, and PermitQueue which flight may ask its policy host.
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
  const Error* not_stored = nullptr;  // set in a second report: the policy could not be stored yet
};

struct FlightOptions {
  unsigned max_flying = 256;
  unsigned max_fetching = 640;           // policy hosts asked at once for askers
  unsigned max_fetching_each = 64;       // of these, at one address or of one registrable domain
  std::size_t max_waiting = 100'000;     // flights with askers that may wait; above that, mail is deferred
  std::size_t max_relaxed = 100'000;     // rechecks and refreshes that may wait
  std::size_t max_prefetched = 1'000;    // the same limit for a domain without an entry
  std::size_t max_uncommitted = 10'000;  // outcomes that may wait for their commit; above that, only policies
  std::chrono::seconds commit_retry{5};
  DnsTurns::Limits dns{};
};

class Flights {
 public:
  using Report = std::function<void(const FlightReport&)>;

  // store and clock must outlive this. executor: the resolve thread's. network: nullptr if there is none yet;
  // flights then wait for use().
  Flights(boost::asio::any_io_executor executor, std::shared_ptr<Network> network, Store& store,
          const Clock& clock, Report report, FlightOptions options = {});
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  // Joins the domain's flight, or starts one. deliver gets the outcome, perhaps before this returns. It gets
  // a pending one at once if others have already waited for the same for the whole of question.wait: a dead
  // domain holds up one asker and no second one. It gets a shortage if too many flights wait.
  void ask(const Question& question, Deliver deliver);

  // Has the domain looked up in the background: joins its flight, or starts one unless too many wait. dane:
  // the route whose state is due too; nullopt: none.
  void look_up_again(const DomainName& domain, std::optional<Route> dane, Trigger trigger);

  // Flights launched from now on use this network (reload). Without a network flights wait in their queues;
  // this launches them. nullptr: the daemon is stopping.
  void use(std::shared_ptr<Network> network);

  std::size_t flying() const noexcept { return shared_.queue.flying(); }
  // Flights that wait for a place, or for a permit to ask a policy host.
  std::size_t waiting() const noexcept { return shared_.queue.waiting() + shared_.permits.waiting(); }
  // Refreshes that are not over, including those that wait for a place or for their commit.
  std::size_t refreshing() const noexcept { return refreshes_.size(); }

 private:
  using FlightPtr = std::shared_ptr<Flight>;

  LookupOutcomePtr settled(const DomainName& domain, std::optional<Route> dane);
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
  void land(Flight& flight, LookupOutcomePtr outcome);
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
  std::unordered_map<DomainName, Flight::Instant> put_off_;  // domains whose flight got no permit, and when
  boost::asio::steady_timer next_launch_;  // ends when a flight has to give its place to another
};

}  // namespace mtasts
