#include "resolver/health_check.hpp"

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

namespace {

// True if what is in use asks resolvers that are no longer those of this host.
bool outdated(const Prepared& prepared, const Resolvers& resolvers) noexcept {
  const auto& in_use = prepared.in_use;
  bool by_resolvers = in_use.way == Way::resolvers || in_use.plain || prepared.plan.private_zones;
  return by_resolvers && in_use.resolvers != resolvers;
}

bool outdated(const Prepared& prepared) noexcept try {
  return outdated(prepared, prepared.plan.resolvers());
} catch (const std::exception&) {  // no memory: the next check will tell
  return false;
}

// True if the Dns in use stays. Even if nothing validates, it is kept while it gives any answer: the answers
// about a domain may validate although the root's keys were forged a moment ago.
bool stays(const Prepared& prepared, const Choice& choice, const Resolvers& resolvers) noexcept {
  const auto& in_use = prepared.in_use;
  if (!choice.dns || outdated(prepared, resolvers)) return !choice.dns;
  if (!prepared.handed_over) return false;
  if (choice.works()) return in_use.way == choice.way && in_use.servers == choice.servers;
  return std::ranges::find(choice.silent, in_use.way) == choice.silent.end();
}

}  // namespace

void HealthCheck::use(std::shared_ptr<Prepared> prepared) {
  prepared_ = std::move(prepared);
  const HealthPlan& plan = prepared_->plan;
  prepared_->in_use = {.way = plan.first.way,
                       .servers = plan.first.servers,
                       .resolvers = plan.made_for,
                       .dns = plan.ready,
                       .plain = nullptr};
  if (health_.way.empty()) health_.way = "not chosen yet";
  health_.postfix_asked = plan.ask_postfix;
  if (plan.ask_postfix) {
    recall_postfix();
  } else {
    health_.postfix_dane.reset();
    health_.postfix_doubtful = false;
    health_.postfix_detail.clear();
  }
  publish();
  asio::co_spawn(executor_, watch_dns(prepared_), asio::detached);
  if (plan.ask_postfix) asio::co_spawn(executor_, watch_postfix(prepared_), asio::detached);
}

void HealthCheck::renew_dns() {
  if (!prepared_) return;
  auto& in_use = prepared_->in_use;
  auto made = prepared_->plan.make(in_use.way, in_use.servers);
  if (!made) {
    log_.event(Level::error, "dns",
               {{"text", "the DNS context can't be renewed after the clock jumped; reload mtastsd (SIGHUP)"},
                {"detail", made.error().detail}});
    return;
  }
  in_use.dns = *std::move(made);
  prepared_->dns->use(in_use.dns);
  if (!in_use.plain) prepared_->sts_dns->use(in_use.dns);
}

// While this sleeps it holds no configuration, so that a reload frees the old one.
asio::awaitable<void> HealthCheck::watch_dns(std::weak_ptr<Prepared> watched) {
  for (;;) {
    PreparedPtr prepared = watched.lock();
    if (!current(prepared)) co_return;
    auto outcome = Tested::no_answer;
    try {
      outcome = co_await check_dns(prepared);
    } catch (const std::exception& error) {  // no memory, or no descriptors
      log_.event(Level::error, "dnssec", {{"text", "internal error"}, {"detail", error.what()}});
    }
    prepared.reset();
    co_await sleep(watched, outcome == Tested::works ? times_.usual : times_.retry);
  }
}

asio::awaitable<void> HealthCheck::sleep(std::weak_ptr<Prepared> watched, std::chrono::milliseconds time) {
  asio::steady_timer timer(executor_);
  auto end = steady_clock::now() + time;
  do {
    timer.expires_at(std::min(end, steady_clock::now() + times_.retry));
    co_await timer.async_wait(asio::use_awaitable);
    PreparedPtr prepared = watched.lock();
    if (!current(prepared) || prepared->dns->take_failure() || outdated(*prepared)) co_return;
  } while (steady_clock::now() < end);
}

// Always with new contexts: the one in use would answer from its cache for days.
asio::awaitable<HealthCheck::Tested> HealthCheck::check_dns(PreparedPtr prepared) {
  ClockBelief clock = clock_.check();
  const HealthPlan& plan = prepared->plan;
  Resolvers resolvers = plan.resolvers();
  ChoiceOptions options{
      .make = plan.make, .anchor = plan.anchor, .ways = plan.ways(resolvers), .limit = times_.limit};
  Choice choice = co_await choose_way(std::move(options), clock_);
  if (!current(prepared)) co_return Tested::no_answer;
  auto outcome = choice.outcome;
  take(*prepared, choice, std::move(resolvers));
  found(choice, clock);
  if (!prepared->handed_over) hand_over(*prepared);
  co_return outcome;
}

void HealthCheck::take(Prepared& prepared, Choice& choice, Resolvers resolvers) {
  auto& in_use = prepared.in_use;
  bool first = !prepared.handed_over, kept = stays(prepared, choice, resolvers);
  bool another_plain = choice.plain && (!in_use.plain || outdated(prepared, resolvers));
  if (!kept) {
    in_use = {.way = choice.way,
              .servers = std::move(choice.servers),
              .resolvers = resolvers,
              .dns = std::move(choice.dns),
              .plain = std::move(in_use.plain)};
    prepared.dns->use(in_use.dns);
  }
  if (another_plain) {
    in_use.plain = choice.plain;
    in_use.resolvers = std::move(resolvers);
  }
  if (choice.works()) in_use.plain = nullptr;
  prepared.sts_dns->use(in_use.plain ? in_use.plain : in_use.dns);
  // The words must describe what is in use.
  if (first || !kept || choice.plain || choice.works()) found_way(choice.words, choice.works());
}

void HealthCheck::hand_over(Prepared& prepared) {
  ready_(prepared.network);
  prepared.handed_over = true;
}

}  // namespace mtasts
