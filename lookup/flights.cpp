#include "lookup/flights.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "lookup/dane_plan.hpp"
#include "lookup/flight.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

OutcomePtr outcome_of(Outcome::State state) { return std::make_shared<Outcome>(Outcome{state, {}, nullptr}); }

OutcomePtr pending_outcome() {
  static const OutcomePtr pending = outcome_of(Outcome::State::pending);
  return pending;
}

OutcomePtr unreadable_outcome() {
  static const OutcomePtr unreadable = outcome_of(Outcome::State::unreadable);
  return unreadable;
}

// The same network, noting what is asked. It goes on as long as somebody asks through it.
std::shared_ptr<Network> traced(std::shared_ptr<Network> network, std::shared_ptr<Trace> trace) {
  auto* noting = new Network;
  std::shared_ptr<Network> owner(noting, [network, trace](Network* n) { delete n; });
  noting->dns = std::make_unique<TracingDns>(*network->dns, *trace);
  noting->sts_dns = std::make_unique<TracingDns>(network->dns_for_sts(), *trace);
  noting->fetch = std::make_unique<TracingFetch>(*network->fetch, *trace);
  noting->dane = network->dane;
  return owner;
}

}  // namespace

// A copy: the askers read it on threads of their own, while what outlived the look may still add to it.
std::shared_ptr<const Trace> noted(const std::shared_ptr<Trace>& trace) {
  return trace ? std::make_shared<const Trace>(*trace) : nullptr;
}

std::chrono::milliseconds Flights::Flight::waited() const {
  if (!asked) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - *asked);
}

Flights::Flight::Wanted* Flights::Flight::want(std::optional<Route> route) {
  if (!route) return nullptr;
  auto found = std::ranges::find(wanted, *route, &Wanted::route);
  return found != wanted.end() ? &*found : &wanted.emplace_back(Wanted{*route});
}

Flights::Flight::Instant Flights::Flight::note_asked(std::optional<Route> route) {
  Instant now = Steady::now();
  if (!asked) asked = now;
  Wanted* state = want(route);
  if (!state) return *asked;
  if (!state->asked) state->asked = now;
  return *state->asked;
}

Flights::Flights(asio::any_io_executor executor, NetworkPtr network, Store& store, const Clock& clock,
                 Report report, FlightOptions options)
    : executor_(std::move(executor)),
      network_(std::move(network)),
      store_(store),
      clock_(clock),
      report_(std::move(report)),
      options_(options),
      fetches_(executor_, options.max_fetching) {}

Flights::~Flights() = default;

void Flights::ask(const Question& question, Deliver deliver) {
  auto found = table_.find(question.domain);
  FlightPtr flight = found != table_.end() ? found->second : nullptr;
  if (!flight) {
    // The asker's read may be older than the commit of a flight that has just left the table.
    if (auto known = settled(question.domain, question.dane)) return deliver(std::move(known));
    flight = begin(question.domain, Trigger::ask, true, nullptr);
  } else if (stale(*flight, question.dane)) {
    flight = begin(question.domain, Trigger::ask, true, flight);
  }
  if (!flight) return deliver(pending_outcome());
  if (auto known = answer_for(*flight, question)) return deliver(std::move(known));
  join(flight, question, std::move(deliver));
  launch();
}

// What is waited for is looked up from now on, and ahead of the rechecks, also for one who does not wait
// himself: a flight is waited for once, by whoever comes first.
void Flights::join(const FlightPtr& flight, const Question& question, Deliver deliver) {
  auto since = flight->note_asked(question.dane);
  if (question.trace && !flight->look && !flight->trace) flight->trace = std::make_shared<Trace>();
  start_dane_looks(flight);
  if (!flight->launched && !flight->urgent) {
    flight->urgent = true;
    urgent_.push_back(flight);
  }
  if (Steady::now() - since >= question.wait) return deliver(pending_outcome());
  flight->askers.push_back({question, std::move(deliver)});
  arm(flight);
}

void Flights::look_again(const DomainName& domain, std::optional<Route> dane, Trigger trigger) {
  auto found = table_.find(domain);
  FlightPtr before = found != table_.end() ? found->second : nullptr;
  if (before && !stale(*before, dane)) {
    if (before->outcome) return;
    before->want(dane);
    start_dane_looks(before);
    return;
  }
  // Looked at since the answer that asked for this?
  if (!before && trigger == Trigger::ask && settled(domain, dane)) return;
  FlightPtr flight = begin(domain, trigger, false, before);
  if (!flight) return;
  flight->want(dane);
  launch();
}

// Its outcome waits for a commit that does not come, and time has gone on, or it is about another next hop:
// look again, from what it knew.
bool Flights::stale(const Flight& flight, std::optional<Route> dane) const {
  if (!flight.outcome || flight.outcome->state != Outcome::State::known) return false;
  return freshness(view(flight.outcome->record), clock_.moment(), dane) != Freshness::answer;
}

OutcomePtr Flights::settled(const DomainName& domain, std::optional<Route> dane) {
  auto stored = store_.get(domain);
  if (!stored || !*stored || freshness(view(**stored), clock_.moment(), dane) != Freshness::answer)
    return nullptr;
  return std::make_shared<Outcome>(Outcome{Outcome::State::known, **std::move(stored), nullptr});
}

void Flights::use(NetworkPtr network) {
  network_ = std::move(network);
  launch();
}

Flights::FlightPtr Flights::begin(const DomainName& domain, Trigger trigger, bool urgent,
                                  const FlightPtr& before) {
  if (waiting() >= options_.max_waiting) return nullptr;
  auto flight = std::make_shared<Flight>(executor_, domain, trigger, urgent);
  if (before) flight->before = before->outcome;
  if (trigger == Trigger::refresh) flight->counted = refreshes_;
  table_.insert_or_assign(domain, flight);
  (urgent ? urgent_ : relaxed_).push_back(flight);
  return flight;
}

// Which queue's turn it is; nullopt: nothing may be launched now. Half of the places are never the rechecks',
// since one that is slow keeps its place to its end, and the next asker must find one.
std::optional<bool> Flights::relaxed_is_next() const noexcept {
  if (flying_ >= options_.max_flying) return std::nullopt;
  std::size_t most = (options_.max_flying + 3) / (urgent_.empty() ? 2 : 4);
  if (!relaxed_.empty() && flying_relaxed_ < most) return true;
  return urgent_.empty() ? std::nullopt : std::optional(false);
}

Flights::FlightPtr Flights::take_next(bool relaxed) {
  auto& queue = relaxed ? relaxed_ : urgent_;
  FlightPtr flight = std::move(queue.front());
  queue.pop_front();
  if (flight->launched) return nullptr;  // stood in both queues
  flight->launched = true;
  flight->relaxed = relaxed;
  return flight;
}

void Flights::launch() {
  while (network_ && committing() < 2 * options_.max_uncommitted) {
    auto relaxed = relaxed_is_next();
    if (!relaxed) return;
    FlightPtr flight = take_next(*relaxed);
    if (!flight) continue;
    flight->has_place = true;
    ++flying_;
    if (flight->relaxed) ++flying_relaxed_;
    asio::co_spawn(executor_, fly(std::move(flight)), asio::detached);
  }
}

// A surprise (no memory, a bug) must not leave the flight in the table, and its askers without an answer.
asio::awaitable<void> Flights::fly(FlightPtr flight) {
  // A turn of the loop first: a flight that ends at once must not launch the next from within itself, and so
  // on.
  co_await asio::post(executor_, asio::use_awaitable);
  try {
    co_await fly_and_land(flight);
    if (flight->outcome->state == Outcome::State::known) co_await commit(flight);
    co_return;
  } catch (const std::exception&) {  // what the answers say: nobody knows what the cache demands
  }
  if (!flight->outcome) give_up(*flight);
  if (!superseded(*flight)) table_.erase(flight->domain);
}

asio::awaitable<void> Flights::fly_and_land(FlightPtr flight) {
  flight->network = network_;  // kept to the end of the look, whatever a reload does
  if (network_ && flight->trace) flight->network = traced(network_, flight->trace);
  Result<std::optional<Record>> stored;
  if (flight->before) {
    stored = flight->before->record;
  } else {
    stored = store_.get(flight->domain);
  }
  if (!stored || !flight->network) co_return give_up(*flight);
  flight->look.emplace();
  if (*stored) flight->look->record = **std::move(stored);
  auto started = Steady::now();
  co_await look(flight);
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - started);
  report_(FlightReport{flight->domain, flight->trigger, *flight->look, took});
  serve_askers(flight->look->record, flight->look->dane, clock_.now());
  newest_first(flight->look->record);
  auto outcome = std::make_shared<Outcome>(
      Outcome{Outcome::State::known, std::move(flight->look->record), noted(flight->trace)});
  land(*flight, std::move(outcome));
}

// Nobody knows what the cache demands, or the daemon is stopping.
void Flights::give_up(Flight& flight) {
  land(flight, unreadable_outcome());
  if (!superseded(flight)) table_.erase(flight.domain);
}

void Flights::land(Flight& flight, OutcomePtr outcome) {
  flight.outcome = std::move(outcome);
  for (auto& asker : flight.askers)
    if (asker.deliver) asker.deliver(flight.outcome);  // not one that was told already
  flight.askers.clear();
  flight.timer.cancel();
  flight.look.reset();
  flight.network.reset();
  leave_place(flight);
  launch();
}

void Flights::leave_place(Flight& flight) noexcept {
  if (!flight.has_place) return;
  flight.has_place = false;
  --flying_;
  if (flight.relaxed) --flying_relaxed_;
}

// A later flight of the same domain has taken over: what it stores is newer.
bool Flights::superseded(const Flight& flight) const {
  auto found = table_.find(flight.domain);
  return found == table_.end() || found->second.get() != &flight;
}

// What protects nothing is not worth keeping when the cache can't be written, or not in time: it is looked up
// again.
asio::awaitable<void> Flights::commit(FlightPtr flight) {
  if (flight->outcome->record.policy || committing() < options_.max_uncommitted) {
    auto counted = commits_;  // the loop may destroy this frame after the Flights
    co_await put_until_stored(flight);
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
