// The half of health_check that looks at Postfix's resolvers, and keeps and tells what was found.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "postfix-policy/health_check.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Level = Log::Level;

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
  // Silence says nothing about what Postfix does: a known value stays.
  bool dane = finding.answered ? finding.postfix_dane : health_.postfix_dane.value_or(false);
  bool changed = health_.postfix_dane != dane || health_.postfix_detail != finding.detail;
  if (changed || !finding.answered) {
    log_.event(dane && finding.answered ? Level::info : Level::warning, "postfix",
               {{"text", dane ? "Postfix can do DANE" : "Postfix is taken as not doing DANE"},
                {"detail", finding.detail}});
  }
  health_.postfix_dane = dane;
  health_.postfix_answered = finding.answered;
  health_.postfix_detail = finding.detail;
  publish();
}

void HealthCheck::found_way(const std::string& words, bool good) {
  if (words == health_.way) return;
  health_.way = words;
  log_.say(good ? Level::info : Level::warning, "dns", words);
}

void HealthCheck::found(Tested outcome, const std::string& detail) {
  health_.checked_at = clock_.now();
  if (outcome == Tested::no_answer) {
    found_silence(detail);
  } else {
    found_dnssec(outcome == Tested::works, detail);
  }
  publish();
}

void HealthCheck::found_dnssec(bool works, const std::string& detail) {
  bool changed = !ever_found_ || !health_.dns_answers || works != health_.dnssec;
  if (!works) {
    log_.event(Level::warning, "dnssec", {{"text", "DNSSEC is down"}, {"detail", detail}});
  } else if (changed || detail != health_.dnssec_detail) {
    log_.event(detail.empty() ? Level::info : Level::warning, "dnssec",
               {{"text", "DNSSEC works"}, {"detail", detail}});
  }
  ever_found_ = true;
  health_.dns_answers = true;
  health_.dns_detail.clear();
  health_.dnssec = works;
  health_.dnssec_detail = detail;
}

void HealthCheck::found_silence(const std::string& detail) {
  health_.dns_answers = false;
  health_.dns_detail =
      detail + "; is the network up, are the resolvers, and does port 53 (UDP and TCP) get through?";
  log_.event(Level::warning, "dns", {{"text", "DNS does not answer"}, {"detail", health_.dns_detail}});
}

void HealthCheck::publish() {
  if (publish_) publish_(std::make_shared<const Health>(health_));
}

}  // namespace mtasts
