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

std::chrono::milliseconds next_look(unsigned failures, const HealthTimes& times) noexcept {
  if (failures == 0) return times.usual;
  auto wait = times.first_retry;
  for (unsigned i = 1; i < failures && wait < times.usual; ++i) wait *= 2;
  return std::min(wait, times.usual);
}

void HealthCheck::use(std::shared_ptr<Prepared> prepared) {
  prepared_ = std::move(prepared);
  if (!prepared_->plan.choose) {
    way_ = Way::configured;
    found_way(prepared_->plan.way, true);
    ready_(prepared_->network);
  } else if (health_.way.empty()) {
    health_.way = "not chosen yet";
  }
  health_.postfix_asked = prepared_->plan.ask_postfix;
  if (!prepared_->plan.ask_postfix) {
    health_.postfix_dane.reset();
    health_.postfix_detail.clear();
  }
  publish();
  asio::co_spawn(executor_, watch_dns(prepared_), asio::detached);
  if (prepared_->plan.ask_postfix) asio::co_spawn(executor_, watch_postfix(prepared_), asio::detached);
}

// While it sleeps it holds nothing of a configuration, so that an older one goes with a reload.
asio::awaitable<void> HealthCheck::watch_dns(std::weak_ptr<Prepared> watched) {
  asio::steady_timer timer(executor_);
  unsigned failures = 0;
  for (bool first = true;; first = false) {
    PreparedPtr prepared = watched.lock();
    if (!current(prepared)) co_return;
    bool works = false;
    try {
      works = co_await look_at_dns(prepared, first);
    } catch (const std::exception& error) {  // no memory, or no descriptors
      log_.event(Level::error, "dnssec", {{"text", "internal error"}, {"detail", error.what()}});
    }
    prepared.reset();
    failures = works ? 0 : failures + 1;
    timer.expires_after(next_look(failures, times_));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// The way that is taken is tried by a new Dns: the one in use would answer out of its cache for days.
asio::awaitable<bool> HealthCheck::look_at_dns(PreparedPtr prepared, bool first) {
  bool nothing_to_try = prepared->plan.choose && (first || !health_.dnssec);
  if (!nothing_to_try) {
    SelfTest test = co_await try_way(choice_options(*prepared), way_, clock_);
    // What worked until now is not given up for one lost packet: DANE would be off for half a minute.
    for (int again = 0; again < 2 && !test.works && worked() && current(prepared); ++again)
      test = co_await try_way(choice_options(*prepared), way_, clock_);
    if (!current(prepared)) co_return false;
    if (test.works || !prepared->plan.choose) {
      found_dns(test.works, test.detail);
      co_return test.works;
    }
  }
  co_return co_await choose_again(std::move(prepared), first);
}

asio::awaitable<bool> HealthCheck::choose_again(PreparedPtr prepared, bool first) {
  Choice choice = co_await choose_way(choice_options(*prepared), clock_);
  if (!current(prepared)) co_return false;
  bool works = choice.dnssec;
  take(prepared, std::move(choice), first);
  co_return works;
}

ChoiceOptions HealthCheck::choice_options(const Prepared& prepared) const {
  const HealthPlan& plan = prepared.plan;
  return {.make = plan.make, .anchor = plan.anchor, .resolvers = plan.resolvers(), .limit = times_.limit};
}

// The Dns in use stays if its way does: it has a cache.
void HealthCheck::take(const PreparedPtr& prepared, Choice choice, bool first) {
  if (choice.dns && (first || choice.way != way_)) prepared->dns->use(std::move(choice.dns));
  way_ = choice.way;
  found_way(choice.words, choice.dnssec);
  found_dns(choice.dnssec, choice.detail);
  if (first) ready_(prepared->network);
}

void HealthCheck::found_way(const std::string& words, bool good) {
  if (words == health_.way) return;
  health_.way = words;
  log_.say(good ? Level::info : Level::warning, "dns", words);
}

void HealthCheck::found_dns(bool works, const std::string& detail) {
  bool first = health_.checked_at == Time{};
  bool changed = first || works != health_.dnssec || (works && detail != health_.dnssec_detail);
  if (!works) {
    log_.event(Level::warning, "dnssec", {{"text", "DNSSEC is down"}, {"detail", detail}});
  } else if (changed) {
    log_.event(detail.empty() ? Level::info : Level::warning, "dnssec",
               {{"text", "DNSSEC works"}, {"detail", detail}});
  }
  health_.checked_at = clock_.now();
  health_.dnssec = works;
  health_.dnssec_detail = detail;
  publish();
}

asio::awaitable<void> HealthCheck::watch_postfix(std::weak_ptr<Prepared> watched) {
  asio::steady_timer timer(executor_);
  for (unsigned failures = 0;;) {
    PreparedPtr prepared = watched.lock();
    if (!current(prepared)) co_return;
    try {
      AdFinding finding = co_await check_ad(prepared->plan.postfix_resolvers());
      if (!current(prepared)) co_return;
      failures = finding.answered ? 0 : failures + 1;
      found_postfix(finding);
    } catch (const std::exception& error) {
      ++failures;
      log_.event(Level::error, "postfix", {{"text", "internal error"}, {"detail", error.what()}});
    }
    prepared.reset();
    timer.expires_after(next_look(failures, times_));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

void HealthCheck::found_postfix(const AdFinding& finding) {
  bool changed = health_.postfix_dane != finding.postfix_dane || health_.postfix_detail != finding.detail;
  if (changed || !finding.answered) {
    log_.event(finding.postfix_dane ? Level::info : Level::warning, "postfix",
               {{"text", finding.postfix_dane ? "Postfix can do DANE" : "Postfix is taken as not doing DANE"},
                {"detail", finding.detail}});
  }
  health_.postfix_dane = finding.postfix_dane;
  health_.postfix_answered = finding.answered;
  health_.postfix_detail = finding.detail;
  publish();
}

void HealthCheck::publish() {
  if (publish_) publish_(std::make_shared<const Health>(health_));
}

}  // namespace mtasts
