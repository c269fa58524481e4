// flights - at most one look at a domain at a time, whoever asks, and a bound on all of them.
//
// Lives on the resolve thread: every member is called there. Askers on other threads get here by a post, and
// are answered by a post (ENGINEERING: only plain values cross threads); a flight is never cancelled by an
// asker.
//
// A flight looks at what is due of a domain: its policy, and the DANE states of the next hops that were asked
// for, both at once. It answers each asker as soon as it knows what that one needs, then waits for its
// record's commit, and only then leaves the table: so nobody fetches twice. The commit of a policy that fails
// is tried again; until then it is answered from the table. At most max_flying flights look at once, a flight
// that only waits for its policy host not counted: hosts that never answer must not keep other domains from
// being looked up. The rest wait, those with askers before rechecks and refreshes, which have a quarter of
// the places for themselves and half at most: unknown domains without end must not keep known policies from
// being renewed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lookup/dane_look.hpp"
#include "lookup/discover.hpp"
#include "lookup/places.hpp"
#include "lookup/trace.hpp"
#include "ports/store.hpp"

namespace mtasts {

// The ports that a reload may replace; a flight keeps those it began with.
struct Network {
  std::unique_ptr<Dns> dns;      // validates, as long as anything does
  std::unique_ptr<Fetch> fetch;  // asks one of these two
  DaneLookOptions dane{};        // the most that any zone wants
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
    known,       // also if the policy isn't known within fetch_wait: record.look.state is then pending
    pending,     // not known within the wait: what is cached decides, and DANE is undecided
    unreadable,  // the cache can't be read, so nobody knows what it demands: answer TEMP
  };
  State state = State::known;
  Record record;                                 // known only
  std::shared_ptr<const Trace> trace = nullptr;  // so far; set if the flight notes it
};
using OutcomePtr = std::shared_ptr<const Outcome>;
using Deliver =
    std::move_only_function<void(OutcomePtr)>;  // called once, on the resolve thread; must only post

struct FlightReport {  // for the log
  DomainName domain;
  Trigger trigger;
  const Look& look;
  std::chrono::milliseconds took;
  const Error* not_stored = nullptr;  // set: a second report, the policy could not be stored (yet)
};

struct FlightOptions {
  unsigned max_flying = 256;
  unsigned max_fetching = 640;  // policy hosts asked at once for askers; as many wait, the rest is not asked
  std::size_t max_waiting = 100'000;     // flights queued; above that askers get a pending outcome at once
  std::size_t max_uncommitted = 10'000;  // outcomes that wait for their commit; above, only policies do
  std::chrono::seconds commit_retry{5};
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
  void ask(const Question& question, Deliver deliver);

  // Starts a flight unless there is one; nobody waits for it. dane: of which next hop the state is due too.
  void look_again(const DomainName& domain, std::optional<Route> dane, Trigger trigger);

  // Later flights use this pair (reload). While there is none, flights wait in their queues; this launches
  // them.
  void use(std::shared_ptr<Network> network);

  std::size_t flying() const noexcept { return flying_; }
  std::size_t waiting() const noexcept { return urgent_.size() + relaxed_.size() + fetches_.waiting(); }
  // Flights that the refresher began and that are not over, those that wait for a place or for their commit
  // too.
  std::size_t refreshing() const noexcept { return static_cast<std::size_t>(refreshes_.use_count()) - 1; }

 private:
  struct Flight;
  class FetchInTurn;
  using FlightPtr = std::shared_ptr<Flight>;
  using NetworkPtr = std::shared_ptr<Network>;

  OutcomePtr settled(const DomainName& domain, std::optional<Route> dane);
  FlightPtr begin(const DomainName& domain, Trigger trigger, bool urgent, const FlightPtr& before);
  void join(const FlightPtr& flight, const Question& question, Deliver deliver);
  std::optional<bool> relaxed_is_next() const noexcept;
  FlightPtr take_next(bool relaxed);
  void launch();
  void settle(Flight& flight);
  void arm(const FlightPtr& flight);
  OutcomePtr answer_for(const Flight& flight, const Question& question) const;
  boost::asio::awaitable<void> fly(FlightPtr flight);
  boost::asio::awaitable<void> fly_and_land(FlightPtr flight);
  boost::asio::awaitable<void> look(FlightPtr flight);
  boost::asio::awaitable<void> look_at_policy(FlightPtr flight);
  boost::asio::awaitable<void> look_at_dane(FlightPtr flight, Route route);
  void start_dane_looks(const FlightPtr& flight);
  void give_up(Flight& flight);
  void leave_place(Flight& flight) noexcept;
  void leave_place_to_fetch(Flight& flight);
  void land(Flight& flight, OutcomePtr outcome);
  boost::asio::awaitable<void> commit(FlightPtr flight);
  boost::asio::awaitable<void> put_until_stored(FlightPtr flight);
  bool superseded(const Flight& flight) const;
  std::size_t committing() const noexcept { return static_cast<std::size_t>(commits_.use_count()) - 1; }
  bool stale(const Flight& flight, std::optional<Route> dane) const;

  boost::asio::any_io_executor executor_;
  NetworkPtr network_;
  Store& store_;
  const Clock& clock_;
  Report report_;
  FlightOptions options_;
  std::unordered_map<DomainName, FlightPtr> table_;
  std::deque<FlightPtr> urgent_;   // with askers
  std::deque<FlightPtr> relaxed_;  // rechecks and refreshes
  std::size_t flying_ = 0, flying_relaxed_ = 0;
  std::shared_ptr<const int> commits_ = std::make_shared<const int>(0);    // each commit holds a copy
  std::shared_ptr<const int> refreshes_ = std::make_shared<const int>(0);  // each refresh holds a copy
  Places fetches_;
};

}  // namespace mtasts
