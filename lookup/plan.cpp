#include "lookup/plan.hpp"

#include <algorithm>
#include <functional>

#include "core/policy_life.hpp"
#include "core/sts_record.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {
namespace {

using std::chrono::seconds;

constexpr seconds max_refresh_interval{86400};

std::string first_error(const Findings& findings) {
  for (const Finding& f : findings) {
    if (f.severity == Severity::error) return f.message;
  }
  return findings.empty() ? std::string() : findings.front().message;
}

bool in_force(const std::optional<Record>& stored, const Moment& moment) {
  return stored && policy_in_force(view(*stored), moment);
}

// What stays of the stored entry. Only a fetch writes a policy, its id and its fetched_at. An expired policy
// is not refreshed.
Record kept(const Moment& moment, std::optional<Record> stored) {
  if (!stored || !stored->policy || !must_stay(view(*stored->policy), stored->fetched_at, moment)) return {};
  stored->refresh_at = in_force(stored, moment)
                           ? std::min(stored->refresh_at, moment.now + max_refresh_interval)
                           : Time::max();
  return *std::move(stored);
}

bool held_back(const std::optional<Record>& stored, const std::string& id, Time now) {
  return stored && stored->last_lookup.failed_id == id && is_held_back(stored->last_lookup.retry_fetch, now);
}

bool near_expiry(const Record& stored, const Moment& moment) {
  Time end = expires_at(view(*stored.policy), stored.fetched_at, moment);
  return moment.now >= end - (end - std::min(stored.fetched_at, moment.judged_at())) / 4;
}

}  // namespace

TxtFinding judge_txt(const DnsAnswer& answer) {
  TxtFinding found;
  found.keep = std::clamp(seconds(answer.ttl), min_txt_keep, max_txt_keep);
  if (answer.security == DnsAnswer::Security::bogus || answer.kind == DnsAnswer::Kind::failed) {
    found.detail = answer.reason;
    return found;
  }
  std::vector<std::string> records;
  for (const std::string& rdata : answer.rdata) {
    if (auto text = decode_txt(rdata)) records.push_back(*std::move(text));
  }
  RecordLint lint = lint_records(records);
  switch (lint.verdict) {
    case TxtVerdict::valid:
      found.state = StsState::current;
      found.id = std::move(lint.id);
      break;
    case TxtVerdict::none:
      found.state = StsState::no_record;
      found.detail = answer.kind == DnsAnswer::Kind::data ? "there is no MTA-STS record among the TXT records"
                                                          : std::string(words(answer.kind));
      break;
    case TxtVerdict::invalid:
      found.state = StsState::bad_record;
      found.detail = first_error(lint.findings);
      break;
  }
  return found;
}

bool may_fetch(const Moment& moment, const std::optional<Record>& stored, Trigger trigger) {
  if (!stored) return true;
  if (is_held_back(stored->last_lookup.retry_fetch, moment.now)) return false;
  if (trigger == Trigger::refresh) return true;
  bool had_none =
      stored->last_lookup.state == StsState::no_record || stored->last_lookup.state == StsState::bad_record;
  return !in_force(stored, moment) && !had_none;
}

bool should_fetch(const Moment& moment, const std::optional<Record>& stored, const TxtFinding& txt,
                  Trigger trigger) {
  bool have = in_force(stored, moment);
  bool announced = txt.state == StsState::current;
  if (!announced && !have) return false;  // STS-7: discovery ends here
  const std::string& id = announced ? txt.id : stored->id;
  if (held_back(stored, id, moment.now)) return false;  // STS-14
  if (trigger == Trigger::refresh) return true;         // STS-28
  if (!announced) return near_expiry(*stored, moment);
  return !have || stored->id != id || near_expiry(*stored, moment);  // STS-27
}

Hurry hurry_of(const Moment& moment, const std::optional<Record>& stored, Trigger trigger) {
  if (trigger != Trigger::refresh || !in_force(stored, moment)) return Hurry::now;
  return near_expiry(*stored, moment) ? Hurry::soon : Hurry::whenever;
}

FetchedPolicy judge_fetch(const std::expected<HttpAnswer, FetchError>& answer) {
  if (!answer) {
    return std::unexpected(std::string(words(answer.error().step)) + ": " + answer.error().detail);
  }
  Findings http = lint_http(answer->status, answer->content_type);
  if (!http.empty()) return std::unexpected(first_error(http));
  PolicyLint lint = lint_policy(answer->body);
  if (!lint.policy) return std::unexpected("invalid policy: " + first_error(lint.findings));
  return *std::move(lint.policy);
}

Record after_txt(const Moment& moment, std::optional<Record> stored, const TxtFinding& txt) {
  Time now = moment.now;
  LastLookup before = stored ? std::move(stored->last_lookup) : LastLookup{};
  bool lost = stored && stored->lost;
  Record r = kept(moment, std::move(stored));
  bool dns_failed = txt.state == StsState::dns_failed;
  // If the fetch is still held back, its failure stays the result of the lookup and keeps its time.
  if (txt.state == StsState::current && before.failed_id == txt.id && is_held_back(before.retry_fetch, now)) {
    r.last_lookup = std::move(before);
    r.last_lookup.state = StsState::fetch_failed;
  } else {
    r.last_lookup = LastLookup{};
    r.last_lookup.state = txt.state;
    r.last_lookup.detail = txt.detail;
    r.last_lookup.failures = dns_failed ? static_cast<std::uint16_t>(before.state == StsState::dns_failed
                                                                         ? std::min(before.failures + 1, 1000)
                                                                         : 1)
                                        : std::uint16_t{0};
    // If the TXT record vanishes and comes back, the five minutes must still be kept.
    if (txt.state != StsState::current) {
      r.last_lookup.failed_id = std::move(before.failed_id);
      r.last_lookup.retry_fetch = before.retry_fetch;
    }
  }
  r.last_lookup.at = now;
  seconds keep = txt.keep;
  if (dns_failed && !moment.clock.certain) {
    keep = doubt_backoff;
  } else if (dns_failed) {
    keep = backoff(min_dns_backoff, max_dns_backoff, r.last_lookup.failures);
  }
  r.last_lookup.next_check = now + keep;
  // A refresh is due, but nothing was fetched. Without a new time the refresher would come back at once.
  if (r.policy && r.refresh_at <= now)
    r.refresh_at = std::max(now + min_fetch_backoff, r.last_lookup.retry_fetch);
  r.lost = lost && !settles_lost(r);
  return r;
}

Record after_fetch(const Moment& moment, const DomainName& domain, std::optional<Record> stored,
                   const TxtFinding& txt, FetchedPolicy fetched) {
  Time now = moment.now;
  bool announced = txt.state == StsState::current;
  LastLookup before = stored ? stored->last_lookup : LastLookup{};
  std::string id = announced ? txt.id : (stored ? stored->id : std::string());
  Record r = after_txt(moment, std::move(stored), txt);
  if (fetched) {
    r.refresh_at = refresh_time(now, fetched->max_age, domain);
    r.policy = *std::move(fetched);
    r.lost = false;
    r.id = std::move(id);
    r.fetched_at = now;
    r.last_lookup.failed_id.clear();
    r.last_lookup.retry_fetch = Time{};
    return r;
  }
  bool again = before.failed_id == id;  // the same id failed before: wait longer (STS-14)
  std::uint16_t failures = static_cast<std::uint16_t>(again ? std::min(before.failures + 1, 1000) : 1);
  seconds wait = backoff(min_fetch_backoff, max_fetch_backoff, failures);
  r.last_lookup.state = StsState::fetch_failed;
  r.last_lookup.detail = std::move(fetched.error());
  r.last_lookup.failed_id = std::move(id);
  r.last_lookup.retry_fetch = now + wait;
  r.last_lookup.failures = failures;
  if (r.policy) r.refresh_at = std::max(r.refresh_at, now + wait);
  return r;
}

Record after_put_off(Time now, const DomainName& domain, Record stored) {
  auto spread = static_cast<std::size_t>((max_put_off - min_put_off).count());
  stored.refresh_at = now + min_put_off + seconds(std::hash<DomainName>{}(domain) % (spread + 1));
  return stored;
}

Time refresh_time(Time fetched_at, std::uint32_t max_age, const DomainName& domain) {
  if (max_age == 0) return Time::max();
  seconds interval = std::clamp(seconds(max_age / 2), seconds(3600), max_refresh_interval);
  auto tenth = static_cast<std::size_t>(interval.count() / 10);
  return fetched_at + interval - seconds(std::hash<DomainName>{}(domain) % (tenth + 1));
}

}  // namespace mtasts
