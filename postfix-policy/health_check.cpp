#include "postfix-policy/health_check.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace mtasts {

namespace asio = boost::asio;
using Level = Log::Level;
using std::chrono::steady_clock;

std::chrono::milliseconds next_look(unsigned failures, const HealthTimes& times) noexcept {
  if (failures == 0) return times.usual;
  auto wait = times.first_retry;
  for (unsigned i = 1; i < failures && wait < times.usual; ++i) wait *= 2;
  return std::min(wait, times.usual);
}

namespace {

// What is in use asks resolvers that are not the host's now.
bool outdated(const Prepared& prepared, const Resolvers& resolvers) noexcept {
  Way way = prepared.in_use.way;
  bool by_resolvers = way == Way::resolvers || way == Way::unvalidated || prepared.plan.private_zones;
  return by_resolvers && prepared.in_use.resolvers != resolvers;
}

bool outdated(const Prepared& prepared) noexcept try {
  return outdated(prepared, prepared.plan.resolvers());
} catch (const std::exception&) {  // no memory: the next look says so
  return false;
}

void switch_to(Prepared& prepared, Way way, Resolvers resolvers, std::shared_ptr<Dns> dns) noexcept {
  prepared.dns->use(std::move(dns));
  prepared.in_use = {.way = way, .resolvers = std::move(resolvers)};
}

}  // namespace

void HealthCheck::use(std::shared_ptr<Prepared> prepared) {
  prepared_ = std::move(prepared);
  const HealthPlan& plan = prepared_->plan;
  prepared_->in_use = {.way = plan.choose ? Way::recursion : Way::configured, .resolvers = plan.made_for};
  if (!plan.choose) {
    found_way(plan.way, true);
    hand_over(*prepared_);
  } else if (health_.way.empty()) {
    health_.way = "not chosen yet";
  }
  health_.postfix_asked = plan.ask_postfix;
  if (!plan.ask_postfix) {
    health_.postfix_dane.reset();
    health_.postfix_detail.clear();
  }
  publish();
  asio::co_spawn(executor_, watch_dns(prepared_), asio::detached);
  if (plan.ask_postfix) asio::co_spawn(executor_, watch_postfix(prepared_), asio::detached);
}

void HealthCheck::renew_dns() {
  if (!prepared_) return;
  auto in_use = prepared_->in_use;
  auto made = prepared_->plan.make(in_use.way, in_use.resolvers);
  if (made) return switch_to(*prepared_, in_use.way, std::move(in_use.resolvers), *std::move(made));
  log_.event(Level::error, "dns",
             {{"text", "the DNS context can't be renewed after the clock jumped; reload mtastsd (SIGHUP)"},
              {"detail", made.error().detail}});
}

// While it sleeps it holds nothing of a configuration, so that an older one goes with a reload.
asio::awaitable<void> HealthCheck::watch_dns(std::weak_ptr<Prepared> watched) {
  for (unsigned failures = 0;;) {
    PreparedPtr prepared = watched.lock();
    if (!current(prepared)) co_return;
    auto outcome = Tested::no_answer;
    try {
      outcome = co_await look_at_dns(prepared);
    } catch (const std::exception& error) {  // no memory, or no descriptors
      log_.event(Level::error, "dnssec", {{"text", "internal error"}, {"detail", error.what()}});
    }
    prepared.reset();
    if (outcome == Tested::works) failures = 0;
    if (outcome == Tested::broken) ++failures;
    bool soon = outcome == Tested::no_answer;
    co_await sleep(watched, soon ? times_.first_retry : next_look(failures, times_));
  }
}

asio::awaitable<void> HealthCheck::sleep(std::weak_ptr<Prepared> watched, std::chrono::milliseconds time) {
  asio::steady_timer timer(executor_);
  auto end = steady_clock::now() + time;
  do {
    timer.expires_at(std::min(end, steady_clock::now() + times_.first_retry));
    co_await timer.async_wait(asio::use_awaitable);
    PreparedPtr prepared = watched.lock();
    if (!current(prepared) || outdated(*prepared)) co_return;
  } while (steady_clock::now() < end);
}

asio::awaitable<HealthCheck::Tested> HealthCheck::look_at_dns(PreparedPtr prepared) {
  ChoiceOptions options = choice_options(*prepared);
  if (must_choose(*prepared, options.resolvers))
    co_return co_await choose_again(std::move(prepared), std::move(options), true);
  Trial trial = co_await try_way_in_use(prepared, options);
  if (!current(prepared)) co_return Tested::no_answer;
  auto outcome = trial.test.outcome;
  if (prepared->plan.choose && outcome != Tested::works)
    co_return co_await choose_again(std::move(prepared), std::move(options), outcome == Tested::no_answer);
  if (trial.dns && outdated(*prepared, options.resolvers))
    switch_to(*prepared, prepared->in_use.way, std::move(options.resolvers), std::move(trial.dns));
  found(outcome, trial.test.detail);
  co_return outcome;
}

bool HealthCheck::must_choose(const Prepared& prepared, const Resolvers& resolvers) const noexcept {
  if (!prepared.plan.choose) return false;
  return !prepared.handed_over || !health_.dnssec || !health_.dns_answers || outdated(prepared, resolvers);
}

// By a new Dns: the one in use would answer out of its cache for days. What worked until now is not given up
// for a lost packet.
asio::awaitable<Trial> HealthCheck::try_way_in_use(PreparedPtr prepared, ChoiceOptions options) {
  Way way = prepared->in_use.way;
  Trial trial = co_await try_way(options, way, clock_);
  for (int again = 0; again < 2 && !trial.test.works() && worked() && current(prepared); ++again)
    trial = co_await try_way(options, way, clock_);
  co_return trial;
}

// only_silent: the way in use is, or was not asked by itself (a reload, other resolvers). If DNSSEC worked
// until now, a way that does not validate then has to wait for the next look: a network that is away for some
// seconds must not switch DANE off. If nothing answers all stays as it is.
asio::awaitable<HealthCheck::Tested> HealthCheck::choose_again(PreparedPtr prepared, ChoiceOptions options,
                                                               bool only_silent) {
  Resolvers resolvers = options.resolvers;
  Choice choice = co_await choose_way(std::move(options), clock_);
  if (!current(prepared)) co_return Tested::no_answer;
  auto outcome = choice.outcome;
  if (only_silent && worked() && outcome == Tested::broken) outcome = Tested::no_answer;
  auto detail = choice.detail;
  if (outcome != Tested::no_answer || !prepared->handed_over)
    take(*prepared, std::move(choice), std::move(resolvers));
  found(outcome, detail);
  if (!prepared->handed_over) hand_over(*prepared);
  co_return outcome;
}

ChoiceOptions HealthCheck::choice_options(const Prepared& prepared) const {
  const HealthPlan& plan = prepared.plan;
  return {.make = plan.make, .anchor = plan.anchor, .resolvers = plan.resolvers(), .limit = times_.limit};
}

// The Dns in use stays if its way does: it has a cache.
void HealthCheck::take(Prepared& prepared, Choice choice, Resolvers resolvers) {
  bool stays = prepared.handed_over && choice.way == prepared.in_use.way && !outdated(prepared, resolvers);
  if (!stays && choice.dns) switch_to(prepared, choice.way, std::move(resolvers), std::move(choice.dns));
  if (choice.way == prepared.in_use.way) found_way(choice.words, choice.outcome == Tested::works);
}

void HealthCheck::hand_over(Prepared& prepared) {
  ready_(prepared.network);
  prepared.handed_over = true;
}

}  // namespace mtasts
