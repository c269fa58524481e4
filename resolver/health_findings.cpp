// The half of health_check that checks Postfix's resolvers, and remembers and logs what was found.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "core/time_text.hpp"
#include "resolver/health_check.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Level = Log::Level;

namespace {

constexpr std::chrono::hours alarm_interval{1};
constexpr std::chrono::hours believed_no{24};     // a no that follows a yes must last this long,
constexpr unsigned believed_nos = 100;            // and come from so many checks; a day has 144
constexpr std::chrono::hours long_silence{1};     // on a host where DNSSEC never worked
constexpr std::chrono::hours remember_works{24};  // that DNSSEC works is stored once a day
constexpr std::chrono::minutes remember_down{1};  // that it is still down, once a minute
constexpr std::chrono::minutes long_unseen{10};   // more than the time between two checks

}  // namespace

void HealthCheck::recall(const HostMemory& memory, Remember remember) {
  memory_ = remembered_ = memory;
  remember_ = std::move(remember);
  health_.dnssec_worked = memory.dnssec_worked_at != Time{};
}

void HealthCheck::remember() {
  HostMemory but_seen = memory_;
  but_seen.dnssec_down_seen = remembered_.dnssec_down_seen;
  auto seen_later = memory_.dnssec_down_seen - remembered_.dnssec_down_seen;
  bool soon = seen_later >= seen_later.zero() && seen_later < remember_down;
  if ((but_seen == remembered_ && soon) || !remember_) return;
  remembered_ = memory_;
  remember_(memory_);
}

asio::awaitable<void> HealthCheck::watch_postfix(std::weak_ptr<Prepared> watched) {
  asio::steady_timer timer(executor_);
  for (bool answered = false;; answered = false) {
    PreparedPtr prepared = watched.lock();
    if (!current(prepared)) co_return;
    try {
      AdFinding finding = co_await check_ad(prepared->plan.postfix_resolvers());
      if (!current(prepared)) co_return;
      answered = finding.answered;
      found_postfix(finding);
    } catch (const std::exception& error) {
      log_.event(Level::error, "postfix", {{"text", "internal error"}, {"detail", error.what()}});
    }
    prepared.reset();
    timer.expires_after(answered ? times_.usual : times_.retry);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// A single answer without AD may be forged, and would switch DANE off. So a no that follows a yes counts only
// once every check of a day has said no. A check without an answer has not said no.
void HealthCheck::judge_postfix(const AdFinding& finding) {
  Time now = clock_.now();
  bool yes_counts = memory_.postfix_yes_at != Time{};
  if (!finding.answered) {
    postfix_nos_ = 0;
    if (yes_counts) memory_.postfix_no_since = Time{};
  } else if (finding.postfix_dane) {
    postfix_nos_ = 0;
    if (!yes_counts || memory_.postfix_no_since != Time{} || now - memory_.postfix_yes_at >= remember_works)
      memory_.postfix_yes_at = now;
    memory_.postfix_no_since = Time{};
  } else {
    if (memory_.postfix_no_since == Time{}) memory_.postfix_no_since = now;
    memory_.postfix_no_since = std::min(memory_.postfix_no_since, now);  // the clock was set back
    // Checks are counted too, because nobody says no while the host is off or mtastsd does not run.
    if (++postfix_nos_ >= believed_nos && now - memory_.postfix_no_since >= believed_no)
      memory_.postfix_yes_at = Time{};
  }
}

void HealthCheck::recall_postfix() {
  bool yes = memory_.postfix_yes_at != Time{}, no = memory_.postfix_no_since != Time{};
  health_.postfix_dane = yes ? std::optional(true) : no ? std::optional(false) : std::nullopt;
  health_.postfix_doubtful = yes && no;
}

std::string HealthCheck::postfix_words() const {
  if (!health_.postfix_dane)
    return "it is not known yet whether Postfix does DANE; mail to DANE domains waits";
  if (!*health_.postfix_dane) return "mtastsd assumes that Postfix does not do DANE";
  if (!health_.postfix_doubtful) return "Postfix can do DANE";
  return "mtastsd assumes that Postfix does DANE until its resolvers have shown no AD for 24 hours; they "
         "have shown none since " +
         utc_text(memory_.postfix_no_since);
}

void HealthCheck::found_postfix(const AdFinding& finding) {
  auto before = health_.postfix_dane;
  bool doubted = health_.postfix_doubtful;
  judge_postfix(finding);
  recall_postfix();
  bool changed = before != health_.postfix_dane || doubted != health_.postfix_doubtful ||
                 health_.postfix_answered != finding.answered || health_.postfix_detail != finding.detail;
  bool good = finding.answered && health_.postfix_dane == true && !health_.postfix_doubtful;
  if (postfix_alarm_.due(clock_.now(), !good, changed))
    log_.event(good ? Level::info : Level::warning, "postfix",
               {{"text", postfix_words()}, {"detail", finding.detail}});
  health_.postfix_answered = finding.answered;
  health_.postfix_detail = finding.detail;
  remember();
  publish();
}

void HealthCheck::found_way(const std::string& words, bool good) {
  if (words == health_.way) return;
  health_.way = words;
  log_.say(good ? Level::info : Level::warning, "dns", words);
}

// Signatures may also look expired because an attacker replays old ones. So one check is not enough, and
// doubt errs on the safe side.
void HealthCheck::tell_clock(const Choice& choice, const ClockBelief& clock) {
  bool jumped = clock_.check().settled_from != clock.settled_from;
  if (choice.works() && !jumped) clock_.vouch();
  if (choice.blames_clock && clock_blamed_) clock_.deny();
  clock_blamed_ = choice.blames_clock;
}

void HealthCheck::found(const Choice& choice, const ClockBelief& clock) {
  tell_clock(choice, clock);
  Time now = clock_.now();
  health_.checked_at = now;
  still_down(now);
  bool silence = choice.outcome == Tested::no_answer;
  if (!silence || !choice.plain) silent_since_.reset();
  if (silence && choice.plain && !silent_since_) silent_since_ = now;
  // If DNSSEC never worked on this host, and resolvers answer everything but questions about DNSSEC for an
  // hour, waiting longer will not help.
  bool given_up = silence && choice.plain && !health_.dnssec_worked && now - *silent_since_ >= long_silence;
  if (silence && !given_up) {
    found_silence(choice);
  } else {
    found_dnssec(choice.works(), choice.detail);
  }
  remember();
  publish();
}

// In the first hour of an outage somebody can act, so it counts from when mtastsd saw the outage. If mtastsd
// has not checked for long (it was off, or the host was), the hour begins again. A restart every few minutes
// does not begin it again.
void HealthCheck::still_down(Time now) {
  if (memory_.dnssec_down_since == Time{}) return;
  bool unseen = now - memory_.dnssec_down_seen > long_unseen;
  if (unseen || memory_.dnssec_down_since > now)
    memory_.dnssec_down_since = now;  // nobody has checked for long, or the clock was set back
  memory_.dnssec_down_seen = now;
  if (!health_.dnssec) health_.dnssec_down_since = memory_.dnssec_down_since;
}

void HealthCheck::found_dnssec(bool works, const std::string& detail) {
  Time now = clock_.now();
  bool changed = !ever_found_ || !health_.dns_answers || works != health_.dnssec;
  if (works) {
    bool write = memory_.dnssec_down_since != Time{} || now < memory_.dnssec_worked_at ||
                 now - memory_.dnssec_worked_at >= remember_works;
    if (write) memory_.dnssec_worked_at = now;
    memory_.dnssec_down_since = memory_.dnssec_down_seen = Time{};
  } else if (memory_.dnssec_down_since == Time{}) {
    memory_.dnssec_down_since = memory_.dnssec_down_seen = now;
  }
  if (dnssec_alarm_.due(now, !works, changed || (works && detail != health_.dnssec_detail)))
    log_.event(works && detail.empty() ? Level::info : Level::warning, "dnssec",
               {{"text", works ? "DNSSEC works" : "DNSSEC is down"}, {"detail", detail}});
  ever_found_ = true;
  health_.dns_answers = true;
  health_.dns_detail.clear();
  health_.dnssec = works;
  health_.dnssec_worked = memory_.dnssec_worked_at != Time{};
  health_.dnssec_down_since = memory_.dnssec_down_since;
  health_.dnssec_detail = detail;
}

void HealthCheck::found_silence(const Choice& choice) {
  health_.dns_answers = false;
  health_.dns_detail = choice.detail;
  std::string_view text = "DNS does not answer";
  if (choice.plain) {
    text = "no resolver answers questions about DNSSEC";
    health_.dns_detail += "; they answer other questions, so something on the way drops answers with DNSSEC";
  } else {
    health_.dns_detail +=
        "; check that the network and the resolvers are up, and that port 53 (UDP and TCP) is open";
  }
  log_.event(Level::warning, "dns", {{"text", text}, {"detail", health_.dns_detail}});
}

bool HealthCheck::Alarm::due(Time now, bool alarm, bool changed) noexcept {
  bool hour_over = now < last || now - last >= alarm_interval;
  if (!changed && !(alarm && hour_over)) return false;
  last = now;
  return true;
}

void HealthCheck::publish() {
  if (publish_) publish_(std::make_shared<const Health>(health_));
}

}  // namespace mtasts
