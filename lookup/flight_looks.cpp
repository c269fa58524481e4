// What a flight does between its launch and its landing: both looks at once, and an answer to each asker as
// soon as it can be given.
#include <algorithm>

#include "lookup/dane_look.hpp"
#include "lookup/flight.hpp"
#include "lookup/freshness.hpp"
#include "lookup/gather.hpp"

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
  look.record = after_txt(clock.now(), std::move(stored), surprise);
  co_return look;
}

asio::awaitable<DaneState> dane_safely(Dns& dns, const Clock& clock, DomainName domain, Route route,
                                       std::optional<DaneState> before, unsigned mx_hosts) {
  MxFinding surprise;
  try {
    co_return co_await look_up_dane(dns, clock, domain, route, before, mx_hosts);
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

}  // namespace

// The final outcome, or an early one if that settles all this asker needs. nullptr: it has to wait.
OutcomePtr Flights::answer_for(const Flight& flight, const Question& question) const {
  if (flight.outcome) return flight.outcome;
  if (!flight.look) return nullptr;
  Time now = clock_.now();
  const Record& known = flight.look->record;
  bool dane_known =
      !question.dane || dane_freshness(find_dane(view(known), *question.dane), now) != Freshness::wait;
  if (!dane_known) return nullptr;
  bool settled = flight.policy_looked || freshness(view(known), now, question.dane) != Freshness::wait;
  if (!settled && flight.up() < question.fetch_wait) return nullptr;
  auto early = std::make_shared<Outcome>(Outcome{Outcome::State::known, known});
  if (!settled && !policy_in_force(view(known), now)) {
    early->record.look.state = StsState::pending;
    early->record.look.detail.clear();
  }
  return early;
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
  auto next = Flight::Moment::max();
  for (const auto& asker : flight->askers) {
    auto due = flight->began + asker.question.fetch_wait;
    if (due > std::chrono::steady_clock::now()) next = std::min(next, due);
  }
  if (next == Flight::Moment::max() || next == flight->timer.expiry()) return;
  flight->timer.expires_at(next);
  flight->timer.async_wait([this, weak = std::weak_ptr(flight)](boost::system::error_code cancelled) {
    auto alive = weak.lock();
    if (cancelled || !alive || alive->outcome) return;
    settle(*alive);
    arm(alive);
  });
}

asio::awaitable<void> Flights::look(FlightPtr flight, NetworkPtr network) {
  settle(*flight);  // a flight that waited may find that another's commit has answered
  Time now = clock_.now();
  RecordView stored = view(flight->look->record);
  bool newer_id = std::ranges::any_of(flight->wanted, [&](const Flight::Wanted& each) {
    return wants_newer_id(stored, find_dane(stored, each.route), now);
  });
  bool due =
      flight->trigger == Trigger::refresh || newer_id || sts_freshness(stored, now) != Freshness::answer;
  flight->policy_looked = !due;
  std::vector<asio::awaitable<bool>> looks;
  if (due) looks.push_back(look_at_policy(flight, network));
  looks.push_back(look_at_dane(flight, network));
  co_await gather(std::move(looks));
  while (flight->next_wanted() != nullptr) co_await look_at_dane(flight, network);
  mark_off_policy(flight->look->record);
}

asio::awaitable<bool> Flights::look_at_policy(FlightPtr flight, NetworkPtr network) {
  Look found = co_await discover_safely(*network->dns, *network->fetch, clock_, flight->domain,
                                        flight->look->record, flight->trigger);
  Look& look = *flight->look;
  found.record.dane = std::move(look.record.dane);
  look.record = std::move(found.record);
  look.asked = true;
  look.fetched = found.fetched;
  look.changed = found.changed;
  mark_off_policy(look.record);
  flight->policy_looked = true;
  settle(*flight);
  co_return true;
}

asio::awaitable<bool> Flights::look_at_dane(FlightPtr flight, NetworkPtr network) {
  while (auto* wanted = flight->next_wanted()) {
    wanted->looked = true;
    Route route = wanted->route;
    auto before = state_of(flight->look->record, route);
    bool fresh = before && dane_freshness(view(*before), clock_.now()) == Freshness::answer;
    if (fresh) continue;
    DaneState state = co_await dane_safely(*network->dns, clock_, flight->domain, route, std::move(before),
                                           network->mx_hosts);
    keep_dane(flight->look->record, std::move(state));
    flight->look->dane.push_back(route);
    settle(*flight);
  }
  co_return true;
}

}  // namespace mtasts
