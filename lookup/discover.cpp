#include "lookup/discover.hpp"

namespace mtasts {
namespace {

bool differs(const std::optional<Record>& stored, const Record& fresh) {
  if (!fresh.policy) return false;
  if (!stored || !stored->policy) return true;
  return stored->id != fresh.id || stored->policy->mode != fresh.policy->mode ||
         stored->policy->mx != fresh.policy->mx;
}

}  // namespace

boost::asio::awaitable<Look> discover(Dns& dns, Fetch& fetch, const Clock& clock, DomainName domain,
                                      std::optional<Record> stored, Trigger trigger) {
  std::string owner = "_mta-sts." + std::string(domain.str());
  TxtFinding txt;
  bool validated = true;
  auto started = may_fetch(clock.moment(), stored, trigger) ? fetch.start(domain, dns) : nullptr;
  if (owner.size() > DomainName::max_size) {
    txt = {StsState::no_record, {}, "too long a name for an _mta-sts record", max_txt_keep};
  } else {
    DnsAnswer answer = co_await dns.ask(std::move(owner), RrType::txt);  // RFC 8461 §3.1
    txt = judge_txt(answer);
    validated = answer.validated;
  }
  Look look;
  look.asked = true;
  if (!should_fetch(clock.moment(), stored, txt, trigger)) {
    bool lost = stored && stored->lost;
    look.record = after_txt(clock.moment(), std::move(stored), txt);
    // Without validation anybody may have said that there is no record.
    look.record.lost = look.record.lost || (lost && !validated);
    co_return look;
  }
  Hurry hurry = hurry_of(clock.moment(), stored, trigger);
  ClockBelief before = clock.look();
  auto answered = co_await fetch.get_policy({domain, dns, std::move(started), hurry});
  if (stored && !answered && answered.error().put_off) {
    look.put_off = true;
    look.record = after_put_off(clock.now(), domain, *std::move(stored));
    co_return look;
  }
  look.fetched = true;
  // The policy host's certificate is valid at the time of day, unless the clock has jumped since.
  if (answered && clock.look().settled_from == before.settled_from) clock.vouch();
  look.record = after_fetch(clock.moment(), domain, stored, txt, judge_fetch(answered));
  look.changed = differs(stored, look.record);
  co_return look;
}

}  // namespace mtasts
