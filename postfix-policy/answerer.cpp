#include "postfix-policy/answerer.hpp"

#include <algorithm>

#include "core/finding.hpp"
#include "core/reply.hpp"
#include "lookup/freshness.hpp"
#include "lookup/refresher.hpp"
#include "postfix-policy/json_answer.hpp"
#include "postfix-policy/key.hpp"

namespace mtasts {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds sendmail_wait{4000};  // sendmail gives up after 5 s

CachedPolicy cached_policy(const RecordView& r) noexcept { return {r.policy, r.fetched_at, r.id}; }

StsFindings findings(const RecordView& r) noexcept { return {r.state, r.detail}; }

Decision decide_record(Time now, const RecordView& record, CachedPolicy& policy,
                       const ZoneRules& rules) noexcept {
  policy = cached_policy(record);
  return decide(now, record.has_policy ? &policy : nullptr, findings(record), rules);
}

// Names that no look could find anything for.
std::string_view without_policy(const Settings& settings, const DomainName& domain) noexcept {
  constexpr std::size_t label = std::string_view("_mta-sts.").size();
  if (domain.str().size() + label > DomainName::max_size) return "too long a name for an _mta-sts record";
  return is_private(settings, domain) ? "in a zone of [dns] private" : "";
}

Decision cache_unreadable(std::string_view detail) noexcept {
  return {.verdict = Verdict::temp,
          .reason = "the policy cache can't be read",
          .detail = detail,
          .policy = nullptr};
}

}  // namespace

struct Answerer::Asked {
  MapName map;
  std::string_view map_text;
  const ZoneSettings* zone;
};

std::optional<Miss> Answerer::answer(std::string_view payload, std::string& out) {
  ++counters_.requests;
  auto request = parse_request(payload);
  if (!request) {
    ++counters_.refused;
    append_perm(out, "malformed request: expected a map name, a blank and a key");
    return std::nullopt;
  }
  auto map = parse_map_name(request->map);
  const ZoneSettings* zone = map ? find_zone(*settings_, map->zone) : nullptr;
  if (!zone) {
    refuse_map(request->map, out);
    return std::nullopt;
  }
  Asked asked{*map, request->map, zone};
  Key key = read_key(request->key, scratch_);
  if (const auto* next_hop = std::get_if<NextHop>(&key.next_hop)) {
    std::string_view why = without_policy(*settings_, next_hop->domain);
    if (why.empty()) return answer_for(asked, next_hop->domain, out);
    refuse_key(asked, request->key, why, out);
    return std::nullopt;
  }
  if (key.idna_failed && once_a_minute(last_idna_warning_)) {
    log_.event(Log::Level::warning, "key",
               {{"key", request->key}, {"text", "not a valid internationalised name"}});
  }
  refuse_key(asked, request->key, words(std::get<NotAHost>(key.next_hop)), out);
  return std::nullopt;
}

// A NOTFOUND would switch protection off on a typo in main.cf.
void Answerer::refuse_map(std::string_view map, std::string& out) {
  ++counters_.refused;
  std::string text =
      "unknown map name '" + printable(map, 40) + "': use postfix, postfix310, sts, json or prefetch";
  if (!settings_->zones.empty()) text += ", or one of these and /ZONE with a zone of mtastsd.toml";
  if (once_a_minute(last_map_warning_)) log_.say(Log::Level::warning, "map", text);
  append_perm(out, text);
}

void Answerer::refuse_key(const Asked& asked, std::string_view key, std::string_view why, std::string& out) {
  if (asked.map.dialect == Dialect::json) {
    append_json_not_a_host(out, key, why);
  } else {
    out += asked.map.dialect == Dialect::prefetch ? std::string_view("OK cached") : not_found_reply;
  }
  if (log_.wants(Log::Level::debug)) {
    log_.event(Log::Level::debug, "answer",
               {{"map", asked.map_text}, {"key", key}, {"answer", "NOTFOUND"}, {"reason", why}});
  }
}

std::optional<Miss> Answerer::answer_for(const Asked& asked, const DomainName& domain, std::string& out) {
  Time now = clock_.now();
  bool prefetch = asked.map.dialect == Dialect::prefetch;
  ReadGuard guard(reader_);
  auto found = reader_.find(domain);
  if (!found) {
    Decision decision = cache_unreadable(found.error().detail);
    render(asked, domain, decision, nullptr, "cache", out);
    log_answer(Log::Level::error, asked.map_text, domain, decision, "cache", milliseconds(0), out);
    return std::nullopt;
  }
  reader_.note_use(domain, day_of(now));
  Freshness fresh = *found ? freshness(**found, now) : Freshness::wait;
  if (fresh == Freshness::wait) {
    ++counters_.missed;
    if (prefetch) {
      recheck(domain, now);
      out += "OK queued";
      return std::nullopt;
    }
    milliseconds wait = asked.zone->first_fetch_wait;
    if (asked.map.dialect == Dialect::sts) wait = std::min(wait, sendmail_wait);
    return Miss{domain, asked.map.dialect, wait, asked.zone->rules, std::string(asked.map_text)};
  }
  ++counters_.cached;
  if (fresh == Freshness::answer_and_recheck) recheck(domain, now);
  CachedPolicy policy;
  Decision decision = decide_record(now, **found, policy, asked.zone->rules);
  render(asked, domain, decision, &**found, "cache", out);
  Log::Level level =
      out.starts_with("TEMP") ? Log::Level::info : Log::Level::debug;  // mail that waits must say why
  if (log_.wants(level)) {
    log_answer(level, asked.map_text, domain, decision, "cache", milliseconds(0), out);
  }
  return std::nullopt;
}

void Answerer::finish(const Miss& miss, const Outcome& outcome, milliseconds took, std::string& out) {
  Asked asked{{miss.dialect, {}}, miss.map, nullptr};
  RecordView record = view(outcome.record);
  CachedPolicy policy;
  Decision decision;
  switch (outcome.state) {
    case Outcome::State::known: decision = decide_record(clock_.now(), record, policy, miss.rules); break;
    case Outcome::State::pending:
      decision = decide(clock_.now(), nullptr, {StsState::pending, {}}, miss.rules);
      break;
    case Outcome::State::unreadable: decision = cache_unreadable({}); break;
  }
  render(asked, miss.domain, decision, &record, "fetch", out);
  log_answer(Log::Level::info, miss.map, miss.domain, decision, "fetch", took, out);
}

void Answerer::render(const Asked& asked, const DomainName& domain, const Decision& decision,
                      const RecordView* record, std::string_view source, std::string& out) {
  switch (asked.map.dialect) {
    case Dialect::postfix:
    case Dialect::postfix310:
    case Dialect::sts: return append_reply(out, asked.map.dialect, domain, decision);
    case Dialect::json: return append_json_reply(out, domain, decision, record, source, clock_.now());
    case Dialect::prefetch: out += "OK cached"; return;
  }
}

void Answerer::recheck(const DomainName& domain, Time now) {
  std::size_t hash = std::hash<DomainName>{}(domain);
  Posted& slot = posted_[hash % posted_.size()];
  if (slot.hash == hash && now >= slot.at && now - slot.at < std::chrono::seconds(5)) return;
  slot = {hash, now};
  look_again_(domain);
}

void Answerer::log_answer(Log::Level level, std::string_view map, const DomainName& domain,
                          const Decision& decision, std::string_view source, milliseconds took,
                          std::string_view reply) {
  log_.event(level, "answer",
             {{"domain", domain.str()},
              {"map", map},
              {"answer", reply},
              {"reason", decision.reason},
              {"detail", decision.detail},
              {"source", source},
              {"ms", std::int64_t{took.count()}}});
}

bool Answerer::once_a_minute(Time& last) {
  Time now = clock_.now();
  if (now >= last && now - last < std::chrono::minutes(1)) return false;
  last = now;
  return true;
}

}  // namespace mtasts
