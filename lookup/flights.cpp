#include "lookup/flights.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "lookup/freshness.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

struct Flights::Flight {
  Flight(const DomainName& domain_, Trigger trigger_, bool urgent_)
      : domain(domain_), trigger(trigger_), began(Steady::now()), urgent(urgent_) {}

  DomainName domain;
  Trigger trigger;
  Steady::time_point began;
  bool urgent;  // has, or had, askers
  bool launched = false;
  bool relaxed = false;  // was launched as a recheck or refresh
  OutcomePtr outcome;    // set once known; the flight then only waits for its commit
  OutcomePtr before;     // what an earlier flight knew and could not store yet
  std::vector<Deliver> askers;
};

namespace {

OutcomePtr pending_outcome() {
  static const OutcomePtr pending = std::make_shared<Outcome>(Outcome{Outcome::State::pending, {}});
  return pending;
}

// A surprise (no memory, a bug) must not leave askers without an answer, nor the domain without its cached
// policy.
asio::awaitable<Look> discover_safely(Dns& dns, Fetch& fetch, const Clock& clock, DomainName domain,
                                      std::optional<Record> stored, Trigger trigger) {
  TxtFinding surprise;
  try {
    co_return co_await discover(dns, fetch, clock, domain, stored, trigger);
  } catch (const std::exception& e) {
    surprise.detail = std::string("internal error: ") + e.what();
  }
  Look look;
  look.record = after_txt(clock.now(), std::move(stored), surprise);
  co_return look;
}

}  // namespace

Flights::Flights(asio::any_io_executor executor, std::shared_ptr<Network> network, Store& store,
                 const Clock& clock, Report report, FlightOptions options)
    : executor_(std::move(executor)),
      network_(std::move(network)),
      store_(store),
      clock_(clock),
      report_(std::move(report)),
      options_(options) {}

Flights::~Flights() = default;

void Flights::ask(const DomainName& domain, std::chrono::milliseconds wait, Deliver deliver) {
  auto found = table_.find(domain);
  FlightPtr flight = found != table_.end() ? found->second : nullptr;
  if (!flight) {
    // The asker's read may be older than the commit of a flight that has just left the table.
    if (auto known = settled(domain)) return deliver(std::move(known));
    flight = begin(domain, Trigger::ask, true, nullptr);
  } else if (stale(*flight)) {
    flight = begin(domain, Trigger::ask, true, flight);
  }
  if (!flight) return deliver(pending_outcome());
  if (flight->outcome) return deliver(flight->outcome);
  if (Steady::now() - flight->began >= wait) return deliver(pending_outcome());
  if (!flight->launched && !flight->urgent) {  // somebody waits for it now: ahead of the rechecks
    flight->urgent = true;
    urgent_.push_back(flight);
  }
  flight->askers.push_back(std::move(deliver));
  launch();
}

void Flights::look_again(const DomainName& domain, Trigger trigger) {
  auto found = table_.find(domain);
  FlightPtr before = found != table_.end() ? found->second : nullptr;
  if (before && !stale(*before)) return;
  // Looked at since the answer that asked for this?
  if (!before && trigger == Trigger::ask && settled(domain)) return;
  if (begin(domain, trigger, false, before)) launch();
}

// Its outcome waits for a commit that does not come, and time has gone on: look again, from what it knew.
bool Flights::stale(const Flight& flight) const {
  if (!flight.outcome || flight.outcome->state != Outcome::State::known) return false;
  return freshness(view(flight.outcome->record), clock_.now()) != Freshness::answer;
}

OutcomePtr Flights::settled(const DomainName& domain) {
  auto stored = store_.get(domain);
  if (!stored || !*stored || freshness(view(**stored), clock_.now()) != Freshness::answer) return nullptr;
  return std::make_shared<Outcome>(Outcome{Outcome::State::known, **std::move(stored)});
}

void Flights::use(std::shared_ptr<Network> network) {
  network_ = std::move(network);
  launch();
}

Flights::FlightPtr Flights::begin(const DomainName& domain, Trigger trigger, bool urgent,
                                  const FlightPtr& before) {
  if (waiting() >= options_.max_waiting) return nullptr;
  auto flight = std::make_shared<Flight>(domain, trigger, urgent);
  if (before) flight->before = before->outcome;
  table_.insert_or_assign(domain, flight);
  (urgent ? urgent_ : relaxed_).push_back(flight);
  return flight;
}

Flights::FlightPtr Flights::next_to_launch() {
  bool room_for_relaxed = flying_relaxed_ < (options_.max_flying + 3) / 4;
  bool relaxed = urgent_.empty() || (!relaxed_.empty() && room_for_relaxed);
  auto& queue = relaxed ? relaxed_ : urgent_;
  FlightPtr flight = std::move(queue.front());
  queue.pop_front();
  if (flight->launched) return nullptr;  // stood in both queues
  flight->launched = true;
  flight->relaxed = relaxed;
  return flight;
}

void Flights::launch() {
  while (network_ && flying_ < options_.max_flying && waiting() > 0 &&
         committing_ < 2 * options_.max_uncommitted) {
    FlightPtr flight = next_to_launch();
    if (!flight) continue;
    ++flying_;
    if (flight->relaxed) ++flying_relaxed_;
    asio::co_spawn(executor_, fly(std::move(flight)), asio::detached);
  }
}

asio::awaitable<void> Flights::fly(FlightPtr flight) {
  // A turn of the loop first: a flight that ends at once must not launch the next from within itself, and so
  // on.
  co_await asio::post(executor_, asio::use_awaitable);
  std::shared_ptr<Network> network = network_;  // kept to the end of the look, whatever a reload does
  Result<std::optional<Record>> stored;
  if (flight->before) {
    stored = flight->before->record;
  } else {
    stored = store_.get(flight->domain);
  }
  if (!stored) {
    land(*flight, std::make_shared<Outcome>(Outcome{Outcome::State::unreadable, {}}));
    if (!superseded(*flight)) table_.erase(flight->domain);
    co_return;
  }
  auto started = Steady::now();
  Look look = co_await discover_safely(*network->dns, *network->fetch, clock_, flight->domain,
                                       *std::move(stored), flight->trigger);
  network.reset();
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - started);
  report_(FlightReport{flight->domain, flight->trigger, look, took});
  land(*flight, std::make_shared<Outcome>(Outcome{Outcome::State::known, std::move(look.record)}));
  co_await commit(std::move(flight));
}

void Flights::land(Flight& flight, OutcomePtr outcome) {
  flight.outcome = std::move(outcome);
  for (Deliver& deliver : flight.askers) deliver(flight.outcome);
  flight.askers.clear();
  --flying_;
  if (flight.relaxed) --flying_relaxed_;
  launch();
}

// A later flight of the same domain has taken over: what it stores is newer.
bool Flights::superseded(const Flight& flight) const {
  auto found = table_.find(flight.domain);
  return found == table_.end() || found->second.get() != &flight;
}

// What protects nothing is not worth keeping when the cache can't be written, or not in time: it is looked up
// again.
asio::awaitable<void> Flights::commit(FlightPtr flight) {
  if (flight->outcome->record.policy || committing_ < options_.max_uncommitted) {
    ++committing_;
    co_await put_until_stored(flight);
    --committing_;
  }
  if (!superseded(*flight)) table_.erase(flight->domain);
  launch();
}

asio::awaitable<void> Flights::put_until_stored(FlightPtr flight) {
  const Record& record = flight->outcome->record;
  asio::steady_timer timer(executor_);
  for (bool first = true; !superseded(*flight); first = false) {
    auto stored = co_await store_.put(flight->domain, record);
    if (stored || !record.policy) co_return;
    if (first) {
      Look look{record};
      report_(FlightReport{flight->domain, flight->trigger, look, {}, &stored.error()});
    }
    timer.expires_after(options_.commit_retry);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace mtasts
