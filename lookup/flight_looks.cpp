// What a flight does between its launch and its landing: both looks at once, and an answer to each asker as
// soon as it can be given.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "lookup/dane_look.hpp"
#include "lookup/flight.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

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
  look.record = after_txt(clock.moment(), std::move(stored), surprise);
  co_return look;
}

asio::awaitable<DaneState> dane_safely(std::shared_ptr<Network> network, const Clock& clock,
                                       DomainName domain, Route route, std::optional<DaneState> before) {
  MxFinding surprise;
  try {
    std::shared_ptr<Dns> dns(network, network->dns.get());  // what goes on beyond the deadline keeps it all
    co_return co_await look_up_dane(std::move(dns), clock, domain, route, before, network->dane);
  } catch (const std::exception& e) {
    surprise.detail = std::string("internal error: ") + e.what();
  }
  surprise.trouble = MxTrouble::failed;
  co_return after_dane_look(clock.now(), route, before, surprise, {});
}

std::optional<DaneState> state_of(const Record& record, Route route) {
  auto found = std::ranges::find(record.dane, route, &DaneState::route);
  return found == record.dane.end() ? std::nullopt : std::optional(*found);
}

// No failed fetch: nothing was asked, so nothing is held back, and the next asker tries again.
FetchError no_place() {
  FetchError error{FetchStep::deadline, "too many policy hosts are slow at once"};
  error.put_off = true;
  return error;
}

}  // namespace

// The network's Fetch, for one flight. A flight with askers takes a place among the fetches and leaves its
// own; one of the refreshes and rechecks keeps its own, which bounds their number, and never waits behind
// unknown domains.
class Flights::FetchInTurn final : public Fetch {
 public:
  FetchInTurn(Flights& flights, FlightPtr flight) : flights_(flights), flight_(std::move(flight)) {}

  StartPtr start(const DomainName& domain) override { return flight_->network->fetch->start(domain); }

  asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(DomainName domain, StartPtr started,
                                                                    Hurry hurry) override {
    flight_->fetching = true;
    flights_.leave_place_to_fetch(*flight_);
    std::optional<Places::Place> place;
    if (!flight_->relaxed) {
      if (flights_.fetches_.full()) started.reset();  // its addresses will be old by then
      auto taken = co_await flights_.fetches_.take();
      if (!taken) co_return std::unexpected(no_place());
      place.emplace(*std::move(taken));
    }
    if (flight_->asked) hurry = Hurry::now;  // a refresh that somebody waits for meanwhile
    auto answer = co_await flight_->network->fetch->get_policy(domain, std::move(started), hurry);
    co_return answer;
  }

 private:
  Flights& flights_;
  FlightPtr flight_;
};

// Refreshes keep theirs: their number bounds how many of the fetches are theirs.
void Flights::leave_place_to_fetch(Flight& flight) {
  if (!flight.has_place || flight.relaxed || !flight.fetching || flight.looking > 0) return;
  leave_place(flight);
  launch();
}

// The final outcome, or an early one if that settles all this asker needs. nullptr: it has to wait. What was
// looked up in this flight counts for its askers, however short its TTL is.
OutcomePtr Flights::answer_for(const Flight& flight, const Question& question) const {
  if (flight.outcome) return flight.outcome;
  if (!flight.look) return nullptr;
  Moment now = clock_.moment();
  Record known = flight.look->record;
  serve_askers(known, flight.look->dane, now.now);
  auto dane = question.dane ? find_dane(view(known), *question.dane) : std::nullopt;
  bool dane_known = !question.dane || dane_freshness(dane, now.now) != Freshness::wait ||
                    std::ranges::find(flight.look->dane, *question.dane) != flight.look->dane.end();
  if (!dane_known) return nullptr;
  bool settled = flight.policy_looked || freshness(view(known), now, question.dane) != Freshness::wait;
  bool needless = dane && dane_decides_alone(now.now, &*dane, question.rules);
  if (!settled && !needless && flight.waited() < question.fetch_wait) return nullptr;
  if (!settled && !policy_in_force(view(known), now)) {
    known.look.state = StsState::pending;
    known.look.detail.clear();
  }
  return std::make_shared<Outcome>(Outcome{Outcome::State::known, std::move(known), noted(flight.trace)});
}

void Flights::settle(Flight& flight) {
  std::vector<Flight::Asker> waiting;
  for (auto& asker : flight.askers) {
    if (auto known = answer_for(flight, asker.question)) {
      asker.deliver(std::move(known));
    } else {
      waiting.push_back(std::move(asker));
    }
  }
  flight.askers = std::move(waiting);
}

// Sets the timer to the next moment at which an asker no longer waits for the policy.
void Flights::arm(const FlightPtr& flight) {
  auto next = Flight::Instant::max();
  for (const auto& asker : flight->askers) {
    auto due = *flight->asked + asker.question.fetch_wait;
    if (due > std::chrono::steady_clock::now()) next = std::min(next, due);
  }
  if (next == Flight::Instant::max() || next == flight->timer.expiry()) return;
  flight->timer.expires_at(next);
  flight->timer.async_wait([this, weak = std::weak_ptr(flight)](boost::system::error_code cancelled) {
    auto alive = weak.lock();
    if (cancelled || !alive || alive->outcome) return;
    settle(*alive);
    arm(alive);
  });
}

asio::awaitable<void> Flights::look(FlightPtr flight) {
  settle(*flight);  // a flight that waited may find that another's commit has answered
  Moment now = clock_.moment();
  RecordView stored = view(flight->look->record);
  bool newer_id = std::ranges::any_of(flight->wanted, [&](const Flight::Wanted& each) {
    return wants_newer_id(stored, find_dane(stored, each.route), now);
  });
  bool due =
      flight->trigger == Trigger::refresh || newer_id || sts_freshness(stored, now) != Freshness::answer;
  flight->policy_looked = !due;
  start_dane_looks(flight);
  if (due) co_await look_at_policy(flight);
  while (flight->looking > 0) co_await flight->idle.async_wait(asio::as_tuple(asio::use_awaitable));
  mark_off_policy(flight->look->record);
}

asio::awaitable<void> Flights::look_at_policy(FlightPtr flight) {
  FetchInTurn fetch(*this, flight);
  Look found = co_await discover_safely(flight->network->dns_for_sts(), fetch, clock_, flight->domain,
                                        flight->look->record, flight->trigger);
  Look& look = *flight->look;
  found.record.dane = std::move(look.record.dane);
  look.record = std::move(found.record);
  look.asked = !found.put_off;
  look.fetched = found.fetched;
  look.changed = found.changed;
  mark_off_policy(look.record);
  flight->policy_looked = true;
  settle(*flight);
}

// For each next hop that was asked for since the last time, also while the flight is under way. Each at once:
// none waits for another, nor for a slow policy host.
void Flights::start_dane_looks(const FlightPtr& flight) {
  if (!flight->look) return;
  for (Flight::Wanted& wanted : flight->wanted) {
    auto known = find_dane(view(flight->look->record), wanted.route);
    if (wanted.looked || dane_freshness(known, clock_.now()) == Freshness::answer) continue;
    wanted.looked = true;
    ++flight->looking;
    asio::co_spawn(executor_, look_at_dane(flight, wanted.route), asio::detached);
  }
}

asio::awaitable<void> Flights::look_at_dane(FlightPtr flight, Route route) {
  try {
    DaneState state;
    if (flight->look)
      state = co_await dane_safely(flight->network, clock_, flight->domain, route,
                                   state_of(flight->look->record, route));
    if (flight->look) {  // else it was given up
      keep_dane(flight->look->record, std::move(state));
      flight->look->dane.push_back(route);
      settle(*flight);
    }
  } catch (const std::exception&) {  // no memory: the askers' waits end by themselves
  }
  if (--flight->looking > 0) co_return;
  flight->idle.cancel();
  leave_place_to_fetch(*flight);
}

}  // namespace mtasts
