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

boost::asio::awaitable<Discovery> discover(Dns& dns, Fetch& fetch, const Clock& clock, DomainName domain,
                                           std::optional<Record> stored, Trigger trigger) {
  std::string owner = "_mta-sts." + std::string(domain.str());
  TxtFinding txt;
  bool validated = true;
  auto started = may_fetch(clock.moment(), stored, trigger) ? fetch.start(domain, dns) : nullptr;
  if (owner.size() > DomainName::max_size) {
    txt = {StsState::no_record, {}, "the name is too long to have an _mta-sts record", max_txt_keep};
  } else {
    DnsAnswer answer = co_await dns.ask(std::move(owner), RrType::txt);  // RFC 8461 §3.1
    txt = judge_txt(answer);
    validated = answer.validated;
  }
  Discovery found;
  found.asked = true;
  if (!should_fetch(clock.moment(), stored, txt, trigger)) {
    bool lost = stored && stored->lost;
    found.record = after_txt(clock.moment(), std::move(stored), txt);
    // Without validation, anybody can claim that there is no record.
    found.record.lost = found.record.lost || (lost && !validated);
    co_return found;
  }
  Hurry hurry = hurry_of(clock.moment(), stored, trigger);
  ClockBelief before = clock.check();
  auto answered = co_await fetch.get_policy({domain, dns, std::move(started), hurry});
  if (stored && !answered && answered.error().put_off) {
    found.put_off = true;
    found.record = after_put_off(clock.now(), domain, *std::move(stored));
    co_return found;
  }
  found.fetched = true;
  // The policy host's certificate is valid at this time of day, which vouches for the clock, unless it has
  // jumped since.
  if (answered && clock.check().settled_from == before.settled_from) clock.vouch();
  found.record = after_fetch(clock.moment(), domain, stored, txt, judge_fetch(answered));
  found.changed = differs(stored, found.record);
  co_return found;
}

}  // namespace mtasts
