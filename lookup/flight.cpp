#include "lookup/flight.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "idn/registrable_domain.hpp"
#include "lookup/dane_plan.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds default_patience{5000};  // of a flight that nobody waits for
constexpr std::size_t max_wanted = 16;          // routes of one flight

// An exception (no memory, a bug) must not leave askers without an answer, or the domain without its cached
// policy.
asio::awaitable<Discovery> discover_safely(Dns& dns, Fetch& fetch, const Clock& clock, DomainName domain,
                                           std::optional<Record> stored, Trigger trigger) {
  TxtFinding surprise;
  try {
    co_return co_await discover(dns, fetch, clock, domain, stored, trigger);
  } catch (const std::exception& e) {
    surprise.detail = std::string("internal error: ") + e.what();
  }
  Discovery found;
  found.record = after_txt(clock.moment(), std::move(stored), surprise);
  co_return found;
}

asio::awaitable<DaneState> dane_safely(std::shared_ptr<Dns> dns, const Clock& clock, DomainName domain,
                                       Route route, std::optional<DaneState> before,
                                       DaneLookupOptions options) {
  MxFinding surprise;
  try {
    co_return co_await look_up_dane(std::move(dns), clock, domain, route, before, options);
  } catch (const std::exception& e) {
    surprise.detail = std::string("internal error: ") + e.what();
  }
  surprise.trouble = MxTrouble::failed;
  co_return after_dane_lookup(clock.now(), route, before, surprise, {});
}

// True if the lookup of a policy found something out about it.
bool found_out(StsState state) { return state != StsState::dns_failed && state != StsState::fetch_failed; }

bool has_failed(const DaneState& state) {
  return state.trouble != MxTrouble::none || tally(state.hosts, max_mx_hosts).failed > 0;
}

const LookupOutcomePtr& pending_outcome() {
  static const LookupOutcomePtr pending =
      std::make_shared<LookupOutcome>(LookupOutcome{LookupOutcome::State::pending, {}, nullptr});
  return pending;
}

// The same ports, with a trace of what is asked. The original network lives as long as this one.
std::shared_ptr<Network> traced(std::shared_ptr<Network> network, std::shared_ptr<Trace> trace) {
  auto* noting = new Network;
  std::shared_ptr<Network> owner(noting, [network, trace](Network* n) { delete n; });
  noting->dns = std::make_unique<TracingDns>(*network->dns, *trace);
  noting->sts_dns = std::make_unique<TracingDns>(network->dns_for_sts(), *trace);
  noting->fetch = std::make_unique<TracingFetch>(*network->fetch, *trace);
  noting->dane = network->dane;
  return owner;
}

// The shares of the permits that a fetch counts against. An IPv6 network counts as one address: whoever has a
// host there has as many addresses as they like.
PermitQueue::Keys keys_of(const DomainName& domain, std::optional<Address> first) {
  constexpr std::size_t site_octets = 6;  // a /48
  PermitQueue::Keys keys{"domain " + registrable_domain(domain)};
  if (!first) return keys;
  if (first->v6) std::fill(first->octets.begin() + site_octets, first->octets.end(), 0);
  keys.push_back("address " + to_string(*first));
  return keys;
}

}  // namespace

// The network's Fetch, for one flight.
class Flight::PolicyHost final : public Fetch, public FetchGate {
 public:
  explicit PolicyHost(std::shared_ptr<Flight> flight) : flight_(std::move(flight)) {}

  StartPtr start(const DomainName& domain, Dns& dns) override {
    return flight_->network_->fetch->start(domain, dns);
  }
  asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest request) override {
    request.gate = this;
    if (flight_->asked_) request.hurry = Hurry::now;  // it may be a refresh that somebody waits for by now
    return note_shortage(flight_, flight_->network_->fetch->get_policy(std::move(request)));
  }
  asio::awaitable<bool> pass(std::optional<Address> first) override {
    return flight_->may_ask_policy_host(first);
  }

 private:
  static asio::awaitable<std::expected<HttpAnswer, FetchError>> note_shortage(
      std::shared_ptr<Flight> flight, asio::awaitable<std::expected<HttpAnswer, FetchError>> fetch) {
    auto answer = co_await std::move(fetch);
    if (!answer && answer.error().local) flight->fetch_shortage_ = answer.error().detail;
    co_return answer;
  }

  std::shared_ptr<Flight> flight_;
};

Flight::Flight(FlightsShared& shared, const DomainName& domain, Trigger trigger, LookupOutcomePtr before)
    : shared_(shared),
      domain_(domain),
      trigger_(trigger),
      before_(std::move(before)),
      timer_(shared.executor, Instant::max()),
      dane_lookup_done_(shared.executor, Instant::max()) {}

// A copy: askers read it on other threads, while a question that outlived the lookup may still add to the
// original.
std::shared_ptr<const Trace> Flight::noted() const {
  return trace_ ? std::make_shared<const Trace>(*trace_) : nullptr;
}

milliseconds Flight::waited() const {
  if (!asked_) return {};
  return std::chrono::duration_cast<milliseconds>(Steady::now() - *asked_);
}

// Adds the route if it is new. nullptr: no route was given.
Flight::Wanted* Flight::wanted(std::optional<Route> route) {
  if (!route) return nullptr;
  auto found = std::ranges::find(wanted_, *route, &Wanted::route);
  return found != wanted_.end() ? &*found : &wanted_.emplace_back(Wanted{*route});
}

bool Flight::can_want(std::optional<Route> route) const noexcept {
  return !route || wanted_.size() < max_wanted ||
         std::ranges::find(wanted_, *route, &Wanted::route) != wanted_.end();
}

void Flight::want(std::optional<Route> route) {
  if (outcome_ || !can_want(route)) return;
  wanted(route);
  start_dane_lookups();
}

// Notes that somebody asks now. Returns when the first asker for this route began to wait.
Flight::Instant Flight::note_asked(std::optional<Route> route) {
  Instant now = Steady::now();
  if (!asked_) asked_ = now;
  Wanted* state = wanted(route);
  if (!state) return *asked_;
  if (!state->asked) state->asked = now;
  return *state->asked;
}

// What this flight has looked up counts for its askers, however short its TTL is.
LookupOutcomePtr Flight::answer_for(const Question& question) const {
  if (outcome_) return outcome_;
  if (!found_) return nullptr;
  Moment now = shared_.clock.moment();
  Record known = found_->record;
  serve_askers(known, found_->dane, now.now);
  auto dane = question.dane ? find_dane(view(known), *question.dane) : std::nullopt;
  bool dane_known = !question.dane || dane_freshness(dane, now.now) != Freshness::wait ||
                    std::ranges::find(found_->dane, *question.dane) != found_->dane.end();
  if (!dane_known) {
    const std::string& lacked = dane_shortage(*question.dane);
    return lacked.empty() ? nullptr : shortage_outcome(lacked);
  }
  bool settled =
      policy_ == PolicyStep::known || freshness(view(known), now, question.dane) != Freshness::wait;
  bool needless = dane && dane_decides_alone(now.now, &*dane, question.rules);
  bool waits = !settled && !needless;
  if (waits && policy_ == PolicyStep::shortage) return shortage_outcome(shortage());
  if (waits && waited() < question.fetch_wait) return nullptr;
  if (waits && !shortage().empty()) return shortage_outcome(shortage());  // the fetch is being tried again
  if (!settled && !policy_in_force(view(known), now)) {
    known.last_lookup.state = StsState::pending;
    known.last_lookup.detail.clear();
  }
  return std::make_shared<LookupOutcome>(
      LookupOutcome{LookupOutcome::State::known, std::move(known), noted()});
}

// What this host lacked, so that something could not be asked; empty: nothing.
const std::string& Flight::shortage() const {
  return fetch_shortage_.empty() && share_ ? share_->shortage() : fetch_shortage_;
}

LookupOutcomePtr Flight::shortage_outcome(std::string why) const {
  return std::make_shared<LookupOutcome>(
      LookupOutcome{LookupOutcome::State::shortage, {}, noted(), std::move(why)});
}

// A host whose question was never sent has not failed.
std::string Flight::why_dane_is_unknown() const {
  if (shortage().empty() && share_ && share_->waits()) return "too many DNS questions at once";
  return shortage();
}

// What this host lacked for the route's state; empty: nothing.
const std::string& Flight::dane_shortage(Route route) const {
  static const std::string nothing;
  auto found = std::ranges::find(wanted_, route, &Wanted::route);
  return found == wanted_.end() ? nothing : found->shortage;
}

// Only the first asker waits for a dead domain; a later one gets a pending outcome at once. Its state is
// looked up all the same.
void Flight::join(const Question& question, Deliver deliver) {
  auto since = note_asked(question.dane);
  longest_patience_ = std::max(longest_patience_, question.fetch_wait);
  waited_for_until_ = std::max(waited_for_until_, Steady::now() + question.wait);
  if (question.trace && !found_ && !trace_) trace_ = std::make_shared<Trace>();
  start_dane_lookups();
  if (Steady::now() - since >= question.wait) return deliver(pending_outcome());
  askers_.push_back({question, std::move(deliver)});
  arm();
}

void Flight::settle() {
  std::vector<Asker> waiting;
  for (auto& asker : askers_) {
    if (auto known = answer_for(asker.question)) {
      asker.deliver(std::move(known));
    } else {
      waiting.push_back(std::move(asker));
    }
  }
  askers_ = std::move(waiting);
}

// Sets the timer to the next moment at which an asker no longer waits for the policy.
void Flight::arm() {
  auto next = Instant::max();
  for (const auto& asker : askers_) {
    auto due = *asked_ + asker.question.fetch_wait;
    if (due > Steady::now()) next = std::min(next, due);
  }
  if (next == Instant::max() || next == timer_.expiry()) return;
  timer_.expires_at(next);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    auto alive = std::static_pointer_cast<Flight>(weak.lock());
    if (cancelled || !alive || alive->outcome_) return;
    alive->settle();
    alive->arm();
  });
}

asio::awaitable<Discovery> Flight::fly(std::shared_ptr<Network> network, Record stored) {
  auto self = shared_from_this();
  network_ = trace_ ? traced(std::move(network), trace_) : std::move(network);
  share_ = std::make_shared<DnsShare>(shared_.dns);
  if (state == FlightState::slow) share_->give_up_own();  // its place was given away before it began
  found_.emplace();
  found_->record = std::move(stored);
  settle();  // the flight may have waited until another flight's commit settled the answer
  Moment now = shared_.clock.moment();
  RecordView known = view(found_->record);
  bool newer_id = std::ranges::any_of(
      wanted_, [&](const Wanted& each) { return wants_newer_id(known, find_dane(known, each.route), now); });
  bool due = trigger_ == Trigger::refresh || newer_id || sts_freshness(known, now) != Freshness::answer;
  policy_ = due ? PolicyStep::looking : PolicyStep::known;
  start_dane_lookups();
  if (due) co_await look_up_policy();
  while (dane_lookups_ > 0) co_await dane_lookup_done_.async_wait(asio::as_tuple(asio::use_awaitable));
  settle();
  mark_off_policy(found_->record);
  co_return *std::move(found_);
}

asio::awaitable<void> Flight::look_up_policy() {
  PolicyHost policy_host(shared_from_this());
  SharedDns dns(share_, std::shared_ptr<Dns>(network_, &network_->dns_for_sts()));
  Discovery found =
      co_await discover_safely(dns, policy_host, shared_.clock, domain_, found_->record, trigger_);
  permit_.reset();
  bool has_new_policy = found.record.fetched_at != found_->record.fetched_at;
  if (!shortage().empty() && !has_new_policy && !found_out(found.record.last_lookup.state)) {
    policy_ = PolicyStep::shortage;
    found_->shortage = shortage();
    co_return settle();
  }
  found.record.dane = std::move(found_->record.dane);
  found_->record = std::move(found.record);
  found_->asked = !found.put_off;
  found_->put_off = found.put_off;
  found_->fetched = found.fetched;
  found_->changed = found.changed;
  mark_off_policy(found_->record);
  policy_ = PolicyStep::known;
  settle();
}

// A flight with askers leaves its place and takes a permit, if it gets one before they stop waiting. A
// refresh or recheck keeps its place, which bounds their number, and so never waits behind unknown domains.
asio::awaitable<bool> Flight::may_ask_policy_host(std::optional<Address> first) {
  policy_ = PolicyStep::at_policy_host;
  leave_place_to_fetch();
  if (relaxed) co_return true;
  auto permit = co_await shared_.permits.take(keys_of(domain_, first), patience());
  if (!permit) co_return false;
  permit_.emplace(*std::move(permit));
  co_return true;
}

milliseconds Flight::patience() const {
  if (permit_wait_spent_) return {};
  return asked_ ? std::max(longest_patience_ - waited(), milliseconds(0)) : default_patience;
}

void Flight::leave_place_to_fetch() {
  bool has_place = state == FlightState::flying || state == FlightState::slow;
  if (!has_place || relaxed || policy_ != PolicyStep::at_policy_host || dane_lookups_ > 0) return;
  shared_.queue.leave(*this, FlightState::fetching);
  share_->give_up_own();
  shared_.place_is_free();
}

void Flight::slow_down() {
  if (share_) share_->give_up_own();
}

// For each route that was asked for since the last call, also while the flight is under way. All start at
// once: none waits for another, or for a slow policy host.
void Flight::start_dane_lookups() {
  if (!found_) return;
  for (Wanted& wanted : wanted_) {
    if (wanted.looked) continue;
    auto known = find_dane(view(found_->record), wanted.route);
    if (dane_freshness(known, shared_.clock.now()) == Freshness::answer) continue;
    wanted.looked = true;
    ++dane_lookups_;
    asio::co_spawn(shared_.executor, look_up_state(shared_from_this(), wanted.route), asio::detached);
  }
}

asio::awaitable<void> Flight::look_up_state(std::shared_ptr<Flight> self, Route route) {
  try {
    DaneState found;
    if (found_) {
      auto dns = std::make_shared<SharedDns>(share_, std::shared_ptr<Dns>(network_, network_->dns.get()));
      found = co_await dane_safely(std::move(dns), shared_.clock, domain_, route,
                                   dane_state(found_->record, route), network_->dane);
    }
    std::string lacked = found_ && has_failed(found) ? why_dane_is_unknown() : "";
    if (!lacked.empty()) {
      found_->shortage = lacked;
      wanted(route)->shortage = std::move(lacked);
      settle();
    } else if (found_) {  // nullopt: the flight was given up
      keep_dane(found_->record, std::move(found));
      found_->dane.push_back(route);
      settle();
    }
  } catch (const std::exception&) {  // no memory; the askers time out by themselves
  }
  if (--dane_lookups_ > 0) co_return;
  dane_lookup_done_.cancel();
  leave_place_to_fetch();
}

void Flight::land(LookupOutcomePtr outcome) {
  outcome_ = std::move(outcome);
  for (auto& asker : askers_)
    if (asker.deliver) asker.deliver(outcome_);  // unless it was told already
  askers_.clear();
  timer_.cancel();
  found_.reset();
  if (share_) share_->close();  // questions that are still out keep the share alive
  share_.reset();
  permit_.reset();
  network_.reset();
  shared_.queue.leave(*this, FlightState::landed);
}

}  // namespace mtasts
