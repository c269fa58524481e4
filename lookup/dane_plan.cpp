#include "lookup/dane_plan.hpp"

#include <algorithm>
#include <tuple>

#include "core/text.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {
namespace {

using std::chrono::seconds;

// An answer must serve the askers of its own flight, even if its TTL is 0.
constexpr std::uint32_t shortest_ttl = 2;

std::vector<MxRecord> decode_all(const DnsAnswer& answer, bool& malformed) {
  std::vector<MxRecord> records;
  for (const std::string& rdata : answer.rdata) {
    auto record = decode_mx(rdata);
    malformed = malformed || !record;
    if (record) records.push_back(*std::move(record));
  }
  std::ranges::sort(records, {}, [](const MxRecord& each) { return std::tie(each.preference, each.host); });
  return records;
}

std::vector<MxHost> hosts_of(const std::vector<MxRecord>& records) {
  std::vector<MxHost> hosts;
  std::optional<std::uint16_t> group;
  for (const MxRecord& record : records) {
    auto name = DomainName::parse(record.host);  // Postfix does not connect to other names
    if (!name || hosts.size() == max_mx_hosts) continue;
    if (std::ranges::find(hosts, *name, &MxHost::name) != hosts.end()) continue;
    hosts.push_back({*name, group != record.preference});
    group = record.preference;
  }
  return hosts;
}

void judge_mx_data(const DomainName& domain, const DnsAnswer& answer, MxFinding& found) {
  bool malformed = false;
  auto records = decode_all(answer, malformed);
  if (malformed) {
    found.state = MxState::unknown;
    found.trouble = MxTrouble::failed;
    found.detail = "MX " + std::string(domain.str()) + ": malformed answer";
    return;
  }
  // An insecure null MX may be forged, and must not put a policy out of force.
  bool null_mx = records.size() == 1 && records.front().host.empty();
  if (null_mx && found.state == MxState::secure) found.state = MxState::null_mx;
  found.hosts = hosts_of(records);
}

// The answer that gives the host's addresses; a secure one is preferred. nullptr: neither has data.
const DnsAnswer* with_data(const DnsAnswer& a, const DnsAnswer& aaaa) {
  const DnsAnswer* best = nullptr;
  for (const DnsAnswer* each : {&a, &aaaa}) {
    if (is_failure(*each) || each->kind != DnsAnswer::Kind::data) continue;
    bool secure = each->security == DnsAnswer::Security::secure;
    if (best == nullptr || (secure && best->security != DnsAnswer::Security::secure)) best = each;
  }
  return best;
}

// An unsigned denial behind an alias may be forged. If the alias is signed, TLSA records of the host's own
// name still count (DANE-7).
AddressFinding without_address(std::string_view host, const DnsAnswer& a, const DnsAnswer& aaaa,
                               AddressFinding found) {
  auto doubtful = [&](const DnsAnswer& each) {
    bool alias = !each.canonical.empty() && !equal_folded(each.canonical, host);
    return alias && each.security != DnsAnswer::Security::secure;
  };
  if (!doubtful(a) && !doubtful(aaaa)) return found;
  found.state = AddressFinding::State::alias;
  found.has_address = false;
  found.bases = {std::string(host)};
  return found;
}

std::uint32_t least_ttl(const DnsAnswer& a, const DnsAnswer& b) {
  std::uint32_t ttl = longest_ttl;
  for (const DnsAnswer* each : {&a, &b})
    if (!is_failure(*each)) ttl = std::min(ttl, each->ttl);
  return ttl;
}

std::uint16_t one_more(const std::optional<DaneState>& before) {
  return static_cast<std::uint16_t>(before ? std::min(before->failures + 1, 1000) : 1);
}

std::optional<HostLine> line_before(const std::optional<DaneState>& before, const DomainName& name) {
  if (!before) return std::nullopt;
  auto found = std::ranges::find(before->hosts, name.str(), &HostLine::name);
  return found == before->hosts.end() ? std::nullopt : std::optional(*found);
}

// A host whose lookup failed keeps its earlier state until that state's TTL is over. But a bogus answer is a
// reason to wait.
std::optional<HostFinding> known_before(Time now, const std::optional<DaneState>& before,
                                        const DomainName& name, const HostFinding& failure) {
  if (failure.bogus || !before || !state_in_force(view(*before), now)) return std::nullopt;
  auto host = line_before(before, name);
  if (!host || has_failed(host->state()) || host->state() == HostState::not_asked) return std::nullopt;
  return HostFinding{host->state(), {}, static_cast<std::uint32_t>((before->valid_until - now).count())};
}

// What was last proved about a host whose lookup has now failed. The failure changes neither the proof nor
// its time, so the proof ends after 30 days, however often the host fails.
std::optional<HostProof> proof_before(Time now, const std::optional<DaneState>& before,
                                      const DomainName& name) {
  auto host = line_before(before, name);
  if (!host) return std::nullopt;
  auto proof = last_proof(*host, before->looked_up_at, now);
  if (proof) proof->at = std::min(proof->at, now);  // the clock was set back
  return proof;
}

// The MX is not decided: the earlier state is kept as it was; when its TTL is over, as a proof.
DaneState after_trouble(Time now, Route route, const std::optional<DaneState>& before, const MxFinding& mx) {
  DaneState next;
  if (before && proof_counts(view(*before), now)) {
    next = *before;
  } else {
    next.looked_up_at = now;
  }
  next.route = route;
  next.trouble = mx.trouble;
  next.detail = mx.detail;
  next.failures = one_more(before);
  next.next_try = now + backoff(min_dns_backoff, max_dns_backoff, next.failures);
  return next;
}

}  // namespace

bool is_failure(const DnsAnswer& answer) noexcept {
  return answer.kind == DnsAnswer::Kind::failed || answer.security == DnsAnswer::Security::bogus ||
         !answer.validated;
}

std::string failure_words(RrType type, std::string_view name, const DnsAnswer& answer) {
  std::string text = std::string(words(type)) + ' ' + std::string(name) + ": ";
  if (!answer.reason.empty()) return text + answer.reason;
  return text + (answer.validated ? "failed" : "not validated by DNSSEC");
}

MxFinding judge_mx(const DomainName& domain, const DnsAnswer& answer) {
  MxFinding found;
  if (is_failure(answer)) {
    bool bogus = answer.security == DnsAnswer::Security::bogus;
    found.trouble = bogus ? MxTrouble::bogus : MxTrouble::failed;
    found.detail = failure_words(RrType::mx, domain.str(), answer);
    return found;
  }
  bool secure = answer.security == DnsAnswer::Security::secure;
  found.state = secure ? MxState::secure : MxState::insecure;
  found.ttl = answer.ttl;
  if (answer.kind == DnsAnswer::Kind::data) judge_mx_data(domain, answer, found);
  if (answer.kind == DnsAnswer::Kind::no_data) found.hosts = {{domain, true}};
  return found;
}

MxFinding bracketed_host(const DomainName& host) {
  MxFinding found;
  found.state = MxState::secure;
  found.hosts = {{host, true}};
  return found;
}

std::size_t hosts_to_look_up(const std::vector<MxHost>& hosts, unsigned mx_hosts) {
  std::size_t count = 0;
  while (count < hosts.size() && !(hosts[count].first_of_group && count >= mx_hosts)) ++count;
  return count;
}

AddressFinding judge_addresses(std::string_view host, const DnsAnswer& a, const DnsAnswer& aaaa) {
  AddressFinding found;
  found.ttl = least_ttl(a, aaaa);
  const DnsAnswer* data = with_data(a, aaaa);
  if (data == nullptr) {
    if (!is_failure(a) && !is_failure(aaaa)) return without_address(host, a, aaaa, std::move(found));
    found.state = AddressFinding::State::failed;
    found.detail =
        is_failure(a) ? failure_words(RrType::a, host, a) : failure_words(RrType::aaaa, host, aaaa);
    found.bogus = a.security == DnsAnswer::Security::bogus || aaaa.security == DnsAnswer::Security::bogus;
    return found;
  }
  bool alias = !data->canonical.empty() && !equal_folded(data->canonical, host);
  std::string own(host);
  if (data->security == DnsAnswer::Security::secure) {
    found.state = AddressFinding::State::secure;
    if (alias) found.bases.push_back(data->canonical);
    found.bases.push_back(std::move(own));
  } else if (alias) {
    found.state = AddressFinding::State::alias;
    found.bases = {std::move(own)};
  } else {
    found.state = AddressFinding::State::insecure;
  }
  return found;
}

std::optional<HostState> judge_tlsa(const DnsAnswer& answer) {
  if (is_failure(answer)) return HostState::failed;
  bool secure = answer.security == DnsAnswer::Security::secure;
  if (!secure || answer.kind != DnsAnswer::Kind::data) return std::nullopt;
  bool usable = std::ranges::any_of(answer.rdata, [](const std::string& rdata) {
    auto tlsa = decode_tlsa(rdata);
    return tlsa && why_unusable(*tlsa).empty();
  });
  return usable ? HostState::usable : HostState::unusable;
}

DaneState after_dane_lookup(Time now, Route route, const std::optional<DaneState>& before,
                            const MxFinding& mx, const std::vector<HostFinding>& hosts) {
  if (mx.trouble != MxTrouble::none) return after_trouble(now, route, before, mx);
  DaneState next;
  next.route = route;
  next.mx = mx.state;
  next.looked_up_at = now;
  std::uint32_t ttl = mx.ttl;
  for (std::size_t i = 0; i < mx.hosts.size(); ++i) {
    HostFinding host = i < hosts.size() ? hosts[i] : HostFinding{};
    const DomainName& name = mx.hosts[i].name;
    std::optional<HostProof> proof;
    if (host.state == HostState::failed) {
      if (next.detail.empty()) next.detail = host.detail;
      proof = proof_before(now, before, name);
      if (auto known = known_before(now, before, name, host)) host = *known;
    }
    next.hosts.append(host.state, mx.hosts[i].first_of_group, name, proof);
    ttl = std::min(ttl, has_failed(host.state) ? longest_ttl : host.ttl);
  }
  seconds keep(std::clamp(ttl, shortest_ttl, longest_ttl));
  if (!next.detail.empty()) {  // a host failed: recheck soon
    next.failures = one_more(before);
    seconds wait = backoff(min_dns_backoff, max_dns_backoff, next.failures);
    next.next_try = now + wait * 3 / 4;  // in the background, before the state is over
    if (tally(next.hosts, max_mx_hosts).failed > 0) keep = std::min(keep, wait);
  }
  next.valid_until = now + keep;
  return next;
}

void keep_dane(Record& record, DaneState state) {
  auto same = std::ranges::find(record.dane, state.route, &DaneState::route);
  if (same != record.dane.end()) {
    *same = std::move(state);
    return;
  }
  record.dane.push_back(std::move(state));
}

void newest_first(Record& record) {
  std::ranges::sort(record.dane, std::ranges::greater(), &DaneState::looked_up_at);
}

void serve_askers(Record& record, const std::vector<Route>& looked, Time now) {
  for (DaneState& state : record.dane) {
    bool fresh = std::ranges::find(looked, state.route) != looked.end();
    if (!fresh || state.mx == MxState::unknown || state.trouble != MxTrouble::none) continue;
    state.looked_up_at = std::min(state.looked_up_at, now);
    state.valid_until = std::max(state.valid_until, now + seconds(shortest_ttl));
  }
}

void mark_off_policy(Record& record) {
  for (DaneState& state : record.dane)
    state.off_policy = record.policy && none_matches(state.hosts, record.policy->mx);
}

}  // namespace mtasts
