#include "lookup/flights.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "core/policy_life.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds put_off_is_known{60};
constexpr std::size_t most_put_off = 10'000;

LookupOutcomePtr outcome_of(LookupOutcome::State state) {
  return std::make_shared<LookupOutcome>(LookupOutcome{state, {}, nullptr});
}

LookupOutcomePtr pending_outcome() {
  static const LookupOutcomePtr pending = outcome_of(LookupOutcome::State::pending);
  return pending;
}

LookupOutcomePtr unreadable_outcome() {
  static const LookupOutcomePtr unreadable = outcome_of(LookupOutcome::State::unreadable);
  return unreadable;
}

LookupOutcomePtr shortage_outcome(std::string detail) {
  return std::make_shared<LookupOutcome>(
      LookupOutcome{LookupOutcome::State::shortage, {}, nullptr, std::move(detail)});
}

}  // namespace

Flights::Flights(asio::any_io_executor executor, std::shared_ptr<Network> network, Store& store,
                 const Clock& clock, Report report, FlightOptions options)
    : shared_{.executor = executor,
              .clock = clock,
              .queue = FlightQueue({.flying = options.max_flying}),
              .dns = DnsShares(executor, options.dns),
              .permits = FetchPermits(executor, {options.max_fetching, options.max_fetching_each}),
              .place_is_free = [this] { launch(); }},
      network_(std::move(network)),
      store_(store),
      report_(std::move(report)),
      options_(options),
      commits_(executor, store, {options.max_uncommitted, options.commit_retry}),
      next_launch_(executor, Steady::time_point::max()) {}

Flights::~Flights() = default;

void Flights::ask(const Question& question, Deliver deliver) {
  auto found = table_.find(question.domain);
  FlightPtr flight = found != table_.end() ? found->second : nullptr;
  // The asker may have read the cache before the commit of a flight that has just left the table.
  if (!flight)
    if (auto known = settled(question.domain, question.dane)) return deliver(std::move(known));
  if (!flight || stale(*flight, question.dane)) {
    if (shared_.queue.asked_waiting() + shared_.permits.waiting() >= options_.max_waiting)
      return deliver(shortage_outcome("too many domains are looked up at once"));
    flight = begin(question.domain, Trigger::ask, flight);
  }
  if (!flight->can_want(question.dane))
    return deliver(shortage_outcome("too many ports of this domain are looked up at once"));
  if (auto known = flight->answer_for(question)) return deliver(std::move(known));
  // A queued recheck that somebody now waits for goes ahead of the other rechecks.
  bool lifted = flight->state == FlightState::queued && !flight->was_asked();
  flight->join(question, std::move(deliver));
  if (lifted) shared_.queue.add_asked(flight);
  launch();
}

void Flights::look_up_again(const DomainName& domain, std::optional<Route> dane, Trigger trigger) {
  auto found = table_.find(domain);
  FlightPtr before = found != table_.end() ? found->second : nullptr;
  if (before && !stale(*before, dane)) return before->want(dane);
  // Another flight may have made the recheck already.
  if (!before && trigger == Trigger::ask && settled(domain, dane)) return;
  if (!has_room_for(domain)) return;
  FlightPtr flight = begin(domain, trigger, before);
  flight->want(dane);
  shared_.queue.add_relaxed(flight);
  launch();
}

// True if the flight has landed and its outcome no longer answers: its commit has not succeeded for long, or
// another next hop is asked for. Then a new flight starts, from what this one found out.
bool Flights::stale(const Flight& flight, std::optional<Route> dane) const {
  const auto& outcome = flight.outcome();
  if (!outcome || outcome->state != LookupOutcome::State::known) return false;
  return freshness(view(outcome->record), shared_.clock.moment(), dane) != Freshness::answer;
}

LookupOutcomePtr Flights::settled(const DomainName& domain, std::optional<Route> dane) {
  auto stored = store_.get(domain);
  if (!stored || !*stored || freshness(view(**stored), shared_.clock.moment(), dane) != Freshness::answer)
    return nullptr;
  return std::make_shared<LookupOutcome>(
      LookupOutcome{LookupOutcome::State::known, **std::move(stored), nullptr});
}

void Flights::use(std::shared_ptr<Network> network) {
  network_ = std::move(network);
  launch();
}

// An asker can send any number of unknown domains (map prefetch). They must not keep known ones from being
// renewed.
bool Flights::has_room_for(const DomainName& domain) const {
  std::size_t waiting = shared_.queue.relaxed_waiting();
  if (waiting < options_.max_prefetched) return true;
  auto stored = store_.get(domain);
  return waiting < options_.max_relaxed && stored && *stored;
}

// An asker that comes back within a minute does not wait for a permit a second time.
void Flights::note_put_off(const DomainName& domain) {
  auto now = Steady::now();
  auto is_over = [&](const auto& each) { return now - each.second >= put_off_is_known; };
  if (put_off_.size() >= most_put_off) std::erase_if(put_off_, is_over);
  if (put_off_.size() < most_put_off) put_off_.insert_or_assign(domain, now);
}

// The caller puts the flight into a queue.
Flights::FlightPtr Flights::begin(const DomainName& domain, Trigger trigger, const FlightPtr& before) {
  auto flight = std::make_shared<Flight>(shared_, domain, trigger, before ? before->outcome() : nullptr);
  if (trigger == Trigger::refresh) flight->count(refreshes_.add());
  auto put_off = put_off_.find(domain);
  if (put_off != put_off_.end() && Steady::now() - put_off->second < put_off_is_known)
    flight->spend_permit_wait();
  table_.insert_or_assign(domain, flight);
  return flight;
}

void Flights::launch() {
  while (network_ && !commits_.full()) {
    auto now = Steady::now();
    if (auto launched = std::static_pointer_cast<Flight>(shared_.queue.launch(now))) {
      bool nobody_waits = launched->was_asked() && !launched->relaxed && launched->waited_for_until() < now;
      // The next asker gets a new flight. But not if this one carries what an earlier flight has not stored
      // yet.
      if (nobody_waits && !launched->before()) {
        give_up(*launched);
        continue;
      }
      asio::co_spawn(shared_.executor, run(std::move(launched)), asio::detached);
    } else if (auto slow = std::static_pointer_cast<Flight>(shared_.queue.slow_down(now))) {
      slow->slow_down();
    } else {
      return launch_later();
    }
  }
}

void Flights::give_up(Flight& flight) {
  flight.land(pending_outcome());
  forget(flight);
}

void Flights::launch_later() {
  auto when = shared_.queue.next_slow_down();
  if (!when || *when == next_launch_.expiry()) return;
  next_launch_.expires_at(*when);
  next_launch_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) launch();
  });
}

// An exception (no memory, a bug) must not leave the flight in the table or its askers without an answer.
asio::awaitable<void> Flights::run(FlightPtr flight) {
  // First give the loop a turn: flights that end at once must not launch each other recursively.
  co_await asio::post(shared_.executor, asio::use_awaitable);
  try {
    co_await fly(flight);
    if (flight->outcome()->state == LookupOutcome::State::known) co_await commit(flight);
  } catch (const std::exception&) {  // nobody knows what the cache demands, and the outcome says so
    if (!flight->outcome()) land(*flight, unreadable_outcome());
  }
  forget(*flight);
  launch();
}

asio::awaitable<void> Flights::fly(FlightPtr flight) {
  auto network = network_;  // kept to the end of the lookup, whatever a reload does
  Result<std::optional<Record>> stored;
  if (flight->before()) {
    stored = flight->before()->record;
  } else {
    stored = store_.get(flight->domain());
  }
  // Nobody knows what the cache demands, or the daemon is stopping.
  if (!stored || !network) co_return land(*flight, unreadable_outcome());
  auto started = Steady::now();
  Discovery found = co_await flight->fly(std::move(network), *stored ? **std::move(stored) : Record{});
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - started);
  report_(FlightReport{flight->domain(), flight->trigger(), found, took});
  if (found.put_off && !flight->relaxed) note_put_off(flight->domain());
  bool nothing_new = !found.shortage.empty() && !found.asked && found.dane.empty();
  if (nothing_new) co_return land(*flight, shortage_outcome(std::move(found.shortage)));
  serve_askers(found.record, found.dane, shared_.clock.now());
  newest_first(found.record);
  land(*flight, std::make_shared<LookupOutcome>(
                    LookupOutcome{LookupOutcome::State::known, std::move(found.record), flight->noted()}));
}

void Flights::land(Flight& flight, LookupOutcomePtr outcome) {
  flight.land(std::move(outcome));
  launch();
}

// True if a later flight of the same domain has taken over; what that one stores is newer.
bool Flights::superseded(const Flight& flight) const {
  auto found = table_.find(flight.domain());
  return found == table_.end() || found->second.get() != &flight;
}

void Flights::forget(const Flight& flight) {
  if (!superseded(flight)) table_.erase(flight.domain());
}

asio::awaitable<void> Flights::commit(FlightPtr flight) {
  const Record& record = flight->outcome()->record;
  auto not_stored = [this, &flight](const Error& error) {
    Discovery found{flight->outcome()->record};
    report_(FlightReport{flight->domain(), flight->trigger(), found, {}, &error});
  };
  co_await commits_.put(
      flight->domain(), record, [this, &flight] { return superseded(*flight); }, std::move(not_stored));
}

}  // namespace mtasts
