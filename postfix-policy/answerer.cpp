#include "postfix-policy/answerer.hpp"

#include <algorithm>

#include "answer/json_answer.hpp"
#include "core/finding.hpp"
#include "core/reply.hpp"
#include "core/text.hpp"
#include "lookup/freshness.hpp"
#include "lookup/refresher.hpp"

namespace mtasts {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds sendmail_wait{4000};  // sendmail gives up after 5 s
constexpr milliseconds newer_id_wait{3000};  // rule 6 of docs/DECISION.md
constexpr std::string_view unreadable = "the policy cache can't be read";
constexpr std::string_view shortage = "this host lacks what a lookup takes";

// Also while DNSSEC is down: an answer that validates nevertheless decides.
std::optional<Route> dane_to_look_up(const Asked& asked) noexcept {
  return dane_counts(asked.rules) ? std::optional(asked.route) : std::nullopt;
}

// dnssec_detail is a view into the health, which may be replaced while the asker waits for a flight.
ZoneRules without_views(ZoneRules rules) noexcept {
  rules.dnssec_detail = {};
  return rules;
}

// The verdict that the entry alone gives now.
Verdict verdict_of(const Asked& asked, const RecordView& record) noexcept {
  return decide(asked.moment, &record, std::nullopt, asked.route, asked.rules, asked.over).verdict;
}

// The asker does not wait for a lookup that is due if it can't change the answer. That is the policy lookup
// if DANE decides alone. It is the DANE lookup if DNSSEC is down, the last lookup decided nothing, and the
// verdict is not TEMP.
Freshness freshness_of(const Asked& asked, const RecordView& record,
                       const std::optional<DaneView>& dane) noexcept {
  if (!dane_counts(asked.rules)) return sts_freshness(record, asked.moment);
  Freshness fresh = freshness_with(record, asked.moment, dane);
  if (fresh != Freshness::wait || !dane) return fresh;
  bool dane_known = dane_freshness(dane, asked.moment.now) != Freshness::wait;
  if (dane_known && dane_decides_alone(asked.moment.now, &*dane, asked.rules))
    return Freshness::answer_and_recheck;
  bool undecided =
      !dane_known &&
      (dane->trouble != MxTrouble::none || tally(dane->hosts, asked.rules.settings.mx_hosts).failed > 0) &&
      asked.rules.dnssec != Dnssec::works;
  bool policy_waits =
      sts_freshness(record, asked.moment) == Freshness::wait || wants_newer_id(record, dane, asked.moment);
  if (undecided && !policy_waits && verdict_of(asked, record) != Verdict::temp)
    return Freshness::answer_and_recheck;
  return fresh;
}

// What the flights are asked if the cache can't answer.
Question question_of(const Asked& asked) {
  Question question{asked.domain, dane_to_look_up(asked), asked.zone->first_fetch_wait,
                    asked.zone->answer_timeout};
  if (asked.dialect == Dialect::sts) question.wait = std::min(question.wait, sendmail_wait);
  if (!question.dane) question.wait = std::min(question.wait, asked.zone->first_fetch_wait);
  question.fetch_wait = std::min(question.fetch_wait, question.dane ? within(question.wait) : question.wait);
  question.trace = asked.dialect == Dialect::json;
  question.rules = without_views(asked.rules);
  return question;
}

std::size_t hash_of(const DomainName& domain, std::optional<Route> dane) noexcept {
  std::size_t hash = std::hash<DomainName>{}(domain);
  return dane ? hash ^ (std::size_t{dane->port} << 1 | std::size_t{dane->bracketed}) : ~hash;
}

}  // namespace

// Where a reply goes and how it is logged.
struct Answerer::Answer {
  std::string_view source;  // "cache", "fetch", "override"
  Log::Level level = Log::Level::debug;
  milliseconds took{0};
  std::string& out;
  const Trace* trace = nullptr;  // of the flight, for the json map
};

std::optional<Miss> Answerer::answer(std::string_view payload, std::string& out) {
  ++counters_.requests;
  auto request = parse_request(payload);
  if (!request) {
    ++counters_.refused;
    append_perm(out, "malformed request: expected a map name, a blank and a key");
    return std::nullopt;
  }
  auto asked =
      read_question(*settings_, health_.get(), clock_.moment(), request->map, request->key, scratch_);
  if (asked && !asked->in_private_zone) return answer_for(*asked, out);
  if (asked) {
    refuse_key(asked->dialect, *request, "in a zone of [dns] private", out);
  } else {
    refuse(*request, asked.error(), out);
  }
  return std::nullopt;
}

void Answerer::refuse(const MapRequest& request, const NotAsked& why, std::string& out) {
  if (why.why == NotAsked::Why::unknown_map) return refuse_map(request.map, out);
  if (why.idna_failed && once_a_minute(last_idna_warning_))
    log_.event(Log::Level::warning, "key", {{"key", request.key}, {"text", why.words}});
  refuse_key(why.dialect, request, why.words, out);
}

// Not NOTFOUND: then a typo in main.cf would switch protection off.
void Answerer::refuse_map(std::string_view map, std::string& out) {
  ++counters_.refused;
  std::string text =
      "unknown map name '" + printable(map, 40) + "': use postfix, postfix310, sts, json or prefetch";
  if (!settings_->zones.empty()) text += ", or one of these followed by /ZONE, with a zone of mtastsd.toml";
  if (once_a_minute(last_map_warning_)) log_.say(Log::Level::warning, "map", text);
  append_perm(out, text);
}

void Answerer::refuse_key(Dialect dialect, const MapRequest& request, std::string_view why,
                          std::string& out) {
  ++counters_.no_host;
  if (dialect == Dialect::json) {
    append_json_not_a_host(out, request.key, why);
  } else {
    out += dialect == Dialect::prefetch ? std::string_view("OK cached") : not_found_reply;
  }
  if (log_.wants(Log::Level::debug)) {
    log_.event(Log::Level::debug, "answer",
               {{"map", request.map}, {"key", request.key}, {"answer", "NOTFOUND"}, {"reason", why}});
  }
}

std::optional<Miss> Answerer::answer_for(const Asked& asked, std::string& out) {
  if (answer_by_override(asked, out)) {
    ++counters_.overridden;
    return std::nullopt;
  }
  const DomainName& domain = asked.domain;
  ReadGuard guard(reader_);
  auto found = reader_.find(domain);
  if (!found) {
    ++counters_.unreadable;
    answer_unreadable(asked, found.error().detail, {"cache", Log::Level::error, {}, out});
    return std::nullopt;
  }
  auto today = day_of(asked.moment.now);
  if (!*found || (*found)->last_used < today) reader_.note_use(domain, today);
  if (!*found) return miss(asked, false, out);
  const RecordView& record = **found;
  auto dane = find_dane(record, asked.route);
  Freshness fresh = freshness_of(asked, record, dane);
  if (fresh == Freshness::wait)
    return miss(asked, dane_counts(asked.rules) && wants_newer_id(record, dane, asked.moment), out);
  ++counters_.cached;
  if (fresh == Freshness::answer_and_recheck) recheck(asked);
  answer_from(asked, &record, std::nullopt, {"cache", Log::Level::debug, {}, out});
  return std::nullopt;
}

bool Answerer::answer_by_override(const Asked& asked, std::string& out) {
  auto settled = decide_override(asked.over);
  if (!settled) return false;
  bool first = told_.first(hash_of(asked.domain, asked.route), asked.moment.now);
  respond(asked, *settled, nullptr, {"override", first ? Log::Level::info : Log::Level::debug, {}, out});
  return true;
}

// REQUIRES: asked.map is still valid; the Miss keeps a copy.
std::optional<Miss> Answerer::miss(const Asked& asked, bool for_newer_id, std::string& out) {
  ++counters_.missed;
  if (asked.dialect == Dialect::prefetch) {
    recheck(asked);
    out += "OK queued";
    return std::nullopt;
  }
  Miss miss{asked, question_of(asked), std::string(asked.map), settings_};
  miss.asked.map = {};
  miss.asked.rules = {};  // finish() sets them again: DNSSEC may have gone down meanwhile
  if (for_newer_id) miss.question.fetch_wait = std::min(miss.question.fetch_wait, newer_id_wait);
  return miss;
}

void Answerer::finish(const Miss& miss, const LookupOutcome& outcome, milliseconds took, std::string& out) {
  Asked asked = miss.asked;
  asked.map = miss.map;
  asked.moment = clock_.moment();
  asked.rules = rules_of(asked, health_.get());
  Answer answer{"fetch", Log::Level::info, took, out, outcome.trace.get()};
  switch (outcome.state) {
    case LookupOutcome::State::known: {
      RecordView record = view(outcome.record);
      return answer_from(asked, &record, std::nullopt, answer);
    }
    case LookupOutcome::State::pending: return finish_from_cache(asked, answer);
    case LookupOutcome::State::unreadable: return answer_unreadable(asked, {}, answer);
    case LookupOutcome::State::shortage: return answer_shortage(asked, outcome.detail, answer);
  }
}

// The wait is over without a result, so the cached entry answers, or nothing if there is none.
void Answerer::finish_from_cache(const Asked& asked, Answer answer) {
  ReadGuard guard(reader_);
  auto found = reader_.find(asked.domain);
  if (!found) return answer_unreadable(asked, found.error().detail, answer);
  if (!*found) return answer_from(asked, nullptr, StsState::pending, answer);
  answer_from(asked, &**found, StsState::pending, answer);
}

void Answerer::answer_unreadable(const Asked& asked, std::string_view detail, Answer answer) {
  Decision decision{Verdict::temp, "", unreadable, detail};
  answer.level = Log::Level::error;
  respond(asked, decision, nullptr, answer);
}

// sts: the state of the policy lookup, in place of the one in the record.
void Answerer::answer_from(const Asked& asked, const RecordView* record, std::optional<StsState> sts,
                           Answer answer) {
  respond(asked, decide(asked.moment, record, sts, asked.route, asked.rules, asked.over), record, answer);
}

// This host could not look the domain up. That says nothing about the domain, so its mail waits.
void Answerer::answer_shortage(const Asked& asked, std::string_view detail, Answer answer) {
  Decision decision{Verdict::temp, "", shortage, detail};
  answer.level = Log::Level::error;
  respond(asked, decision, nullptr, answer);
}

void Answerer::respond(const Asked& asked, const Decision& decision, const RecordView* record,
                       Answer answer) {
  std::size_t start = answer.out.size();
  const DomainName& domain = asked.domain;
  switch (asked.dialect) {
    case Dialect::postfix:
    case Dialect::postfix310:
    case Dialect::sts: append_reply(answer.out, asked.dialect, domain, decision); break;
    case Dialect::json:
      append_json_reply(answer.out, {domain, decision, record, asked.route, asked.over, asked.rules,
                                     answer.source, answer.trace, asked.moment});
      break;
    case Dialect::prefetch:  // only the reason tells a failure of this host from other verdicts
      if (decision.reason == unreadable || decision.reason == shortage) {
        append_reply(answer.out, Dialect::postfix, domain, decision);
      } else {
        answer.out += "OK cached";
      }
      break;
  }
  bool off_policy = decision.verdict == Verdict::secure && decision.detail == no_host_fits;
  if (off_policy && told_.first(hash_of(domain, asked.route), asked.moment.now))
    answer.level = Log::Level::warning;
  std::string_view reply = std::string_view(answer.out).substr(start);
  if (reply.starts_with("TEMP"))
    answer.level = std::min(answer.level, Log::Level::info);  // the log must have the reason
  if (!log_.wants(answer.level)) return;
  log_.event(answer.level, "answer",
             {{"domain", domain.str()},
              {"map", asked.map},
              {"answer", asked.dialect == Dialect::json ? words(decision.verdict) : reply},
              {"rule", decision.rule},
              {"reason", decision.reason},
              {"detail", decision.detail},
              {"source", answer.source},
              {"ms", std::int64_t{answer.took.count()}}});
}

void Answerer::recheck(const Asked& asked) {
  auto dane = dane_to_look_up(asked);
  if (posted_.first(hash_of(asked.domain, dane), asked.moment.now)) post_recheck_(asked.domain, dane);
}

bool Answerer::once_a_minute(Time& last) {
  Time now = clock_.now();
  if (now >= last && now - last < std::chrono::minutes(1)) return false;
  last = now;
  return true;
}

}  // namespace mtasts
