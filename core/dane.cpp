#include "core/dane.hpp"

#include <charconv>
#include <optional>

namespace mtasts {
namespace {

// Calls f for each host of whole preference groups, until mx_hosts are counted.
template <class F>
void for_each_counted(HostListView hosts, unsigned mx_hosts, F f) {
  unsigned counted = 0;
  for (HostLine host : hosts) {
    if (host.first_of_group() && counted >= mx_hosts) return;
    ++counted;
    f(host);
  }
}

void count(HostTally& tally, HostState state) noexcept {
  switch (state) {
    case HostState::usable: ++tally.usable; return;
    case HostState::unusable: ++tally.unusable; return;
    case HostState::none: ++tally.none; return;
    case HostState::insecure: ++tally.insecure; return;
    case HostState::lost: ++tally.lost; [[fallthrough]];
    case HostState::failed: ++tally.failed; return;
    case HostState::unreachable: ++tally.unreachable; return;
    case HostState::not_asked: return;
  }
}

}  // namespace

std::string_view words(MxState state) noexcept {
  switch (state) {
    case MxState::unknown: return "unknown";
    case MxState::secure: return "secure";
    case MxState::insecure: return "insecure";
    case MxState::null_mx: return "null MX";
  }
  return "unknown";
}

std::string_view words(MxTrouble trouble) noexcept {
  switch (trouble) {
    case MxTrouble::none: return "";
    case MxTrouble::failed: return "failed";
    case MxTrouble::bogus: return "bogus";
  }
  return "";
}

DaneView view(const DaneState& s) noexcept {
  return {s.route,  s.mx,           s.trouble,     s.off_policy, s.hosts,
          s.detail, s.looked_up_at, s.valid_until, s.next_try,   s.failures};
}

DaneState to_state(const DaneView& v) {
  return {v.route,        v.mx,          v.trouble,  v.off_policy, HostList(v.hosts), std::string(v.detail),
          v.looked_up_at, v.valid_until, v.next_try, v.failures};
}

bool state_in_force(const DaneView& dane, Time now) noexcept {
  return dane.mx != MxState::unknown && now < dane.valid_until && now >= dane.looked_up_at;
}

bool proof_counts(const DaneView& dane, Time now) noexcept {
  return dane.mx != MxState::unknown && now - dane.looked_up_at <= proof_age;
}

std::optional<HostProof> last_proof(const HostLine& host, Time looked_up_at, Time now) noexcept {
  std::optional<HostProof> proof = host.proof();
  HostState state = host.state();
  if (!proof && state == HostState::lost) proof = {HostState::usable, looked_up_at};
  if (!proof && state != HostState::failed && state != HostState::not_asked) proof = {state, looked_up_at};
  if (proof && now - proof->at > proof_age) return std::nullopt;
  return proof;
}

HostTally tally(HostListView hosts, unsigned mx_hosts) noexcept {
  HostTally sum;
  for_each_counted(hosts, mx_hosts, [&](const HostLine& host) { count(sum, host.state()); });
  return sum;
}

HostTally tally_proofs(const DaneView& dane, Time now, unsigned mx_hosts) noexcept {
  HostTally sum;
  for_each_counted(dane.hosts, mx_hosts, [&](const HostLine& host) {
    auto proof = last_proof(host, dane.looked_up_at, now);
    if (host.state() == HostState::not_asked) return;
    if (!proof) return count(sum, HostState::failed);
    bool tlsa = proof->state == HostState::usable || proof->state == HostState::unusable;
    count(sum, tlsa && has_failed(host.state()) ? HostState::lost : proof->state);
  });
  return sum;
}

bool none_matches(HostListView hosts, MxListView patterns) noexcept {
  bool any = false;
  for (HostLine host : hosts) {
    auto name = DomainName::parse(host.name());
    if (name && patterns.matches(*name)) return false;
    any = any || name;
  }
  return any;
}

}  // namespace mtasts
