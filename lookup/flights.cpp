#include "lookup/flights.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "lookup/freshness.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

struct Flights::Flight {
  DomainName domain;
  Trigger trigger;
  Steady::time_point began;
  bool launched = false;
  bool urgent = false;
  OutcomePtr outcome;  // set once known; the flight then only waits for its commit
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
    flight = begin(domain, Trigger::ask, true);
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
  if (table_.contains(domain)) return;
  if (trigger == Trigger::ask && settled(domain)) return;  // looked at since the answer that asked for this
  if (begin(domain, trigger, false)) launch();
}

OutcomePtr Flights::settled(const DomainName& domain) {
  auto stored = store_.get(domain);
  if (!stored || !*stored || freshness(view(**stored), clock_.now()) != Freshness::answer) return nullptr;
  return std::make_shared<Outcome>(Outcome{Outcome::State::known, **std::move(stored)});
}

void Flights::use(std::shared_ptr<Network> network) { network_ = std::move(network); }

Flights::FlightPtr Flights::begin(const DomainName& domain, Trigger trigger, bool urgent) {
  if (waiting() >= options_.max_waiting) return nullptr;
  auto flight = std::make_shared<Flight>(Flight{domain, trigger, Steady::now(), false, urgent, nullptr, {}});
  table_.emplace(domain, flight);
  (urgent ? urgent_ : relaxed_).push_back(flight);
  return flight;
}

void Flights::launch() {
  while (flying_ < options_.max_flying && waiting() > 0) {
    auto& queue = urgent_.empty() ? relaxed_ : urgent_;
    FlightPtr flight = std::move(queue.front());
    queue.pop_front();
    if (flight->launched) continue;  // stood in both queues
    flight->launched = true;
    ++flying_;
    asio::co_spawn(executor_, fly(std::move(flight)), asio::detached);
  }
}

asio::awaitable<void> Flights::fly(FlightPtr flight) {
  std::shared_ptr<Network> network = network_;  // kept to the end of the flight, whatever a reload does
  auto stored = store_.get(flight->domain);
  if (!stored) {
    land(*flight, std::make_shared<Outcome>(Outcome{Outcome::State::unreadable, {}}));
    table_.erase(flight->domain);
    co_return;
  }
  auto started = Steady::now();
  Look look = co_await discover_safely(*network->dns, *network->fetch, clock_, flight->domain,
                                       *std::move(stored), flight->trigger);
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
  launch();
}

// What protects nothing is not worth keeping when the cache can't be written: it is looked up again.
asio::awaitable<void> Flights::commit(FlightPtr flight) {
  const Record& record = flight->outcome->record;
  bool stored = (co_await store_.put(flight->domain, record)).has_value();
  if (!stored && record.policy && uncommitted_ < options_.max_uncommitted) {
    ++uncommitted_;
    asio::steady_timer timer(executor_);
    while (!stored) {
      timer.expires_after(options_.commit_retry);
      co_await timer.async_wait(asio::use_awaitable);
      stored = (co_await store_.put(flight->domain, record)).has_value();
    }
    --uncommitted_;
  }
  table_.erase(flight->domain);
}

}  // namespace mtasts
