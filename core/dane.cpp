#include "core/dane.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "core/mx_pattern.hpp"
#include "core/sts_policy.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr OctetSet letters([](char c) { return std::string_view("un0ifFx-").contains(c); });
constexpr OctetSet proof_letters([](char c) { return std::string_view("un0ix").contains(c); });
constexpr OctetSet digits([](char c) { return is_digit(c); });
constexpr std::size_t line_head = 2;     // letter and group
constexpr std::size_t most_digits = 12;  // of a time in seconds: up to the year 9999 and beyond
constexpr OctetSet host_octets([](char c) {
  return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
});

// Takes " u1790000000" off the front, if it is there. False: it is malformed.
bool take_proof(std::string_view& hosts) noexcept {
  if (!hosts.starts_with(' ')) return true;
  hosts.remove_prefix(1);
  if (proof_letters.span(hosts.substr(0, 1)) == 0) return false;
  hosts.remove_prefix(1);
  std::size_t size = digits.span(hosts);
  hosts.remove_prefix(size);
  return size > 0 && size <= most_digits;
}

// Takes a line off the front, without the end that may follow. False: it is none.
bool take_line(std::string_view& hosts) noexcept {
  if (hosts.size() <= line_head || letters.span(hosts.substr(0, 1)) == 0) return false;
  if (hosts[1] != '+' && hosts[1] != '=') return false;
  hosts.remove_prefix(line_head);
  std::size_t name = host_octets.span(hosts);
  hosts.remove_prefix(name);
  return name > 0 && take_proof(hosts);
}

// Each line of whole preference groups, until there are mx_hosts.
template <class F>
void for_each_counted(std::string_view hosts, unsigned mx_hosts, F f) {
  unsigned counted = 0;
  bool more = true;
  for_each_part(hosts, [&](std::string_view line) {
    HostLine host = read_host(line);
    if (host.first_of_group && counted >= mx_hosts) more = false;
    if (!more) return;
    ++counted;
    f(host);
  });
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

std::string_view words(HostState state) noexcept {
  switch (state) {
    case HostState::usable: return "usable TLSA";
    case HostState::unusable: return "unusable TLSA";
    case HostState::none: return "no TLSA";
    case HostState::insecure: return "insecure";
    case HostState::failed:
    case HostState::lost: return "failed";
    case HostState::unreachable: return "no address";
    case HostState::not_asked: return "not looked at";
  }
  return "failed";
}

void append_host(std::string& hosts, HostState state, bool first_of_group, std::string_view name,
                 const std::optional<HostProof>& proof) {
  if (!hosts.empty()) hosts += '\n';
  hosts += static_cast<char>(state);
  hosts += first_of_group ? '+' : '=';
  hosts += name;
  if (!proof) return;
  hosts += ' ';
  hosts += static_cast<char>(proof->state);
  hosts += std::to_string(std::max<std::int64_t>(proof->at.time_since_epoch().count(), 0));
}

HostLine read_host(std::string_view line) noexcept {
  std::size_t end = std::min(line.find(' '), line.size());
  HostLine host{static_cast<HostState>(line[0]), line[1] == '+', line.substr(line_head, end - line_head), {}};
  if (end == line.size()) return host;
  std::string_view proof = line.substr(end + 1), time = proof.substr(1);
  std::int64_t seconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), seconds);
  host.proof = HostProof{static_cast<HostState>(proof[0]), Time(std::chrono::seconds(seconds))};
  return host;
}

bool hosts_hold(std::string_view hosts) noexcept {
  if (hosts.empty()) return true;
  while (take_line(hosts)) {
    if (hosts.empty()) return true;
    if (hosts.front() != '\n') return false;
    hosts.remove_prefix(1);
  }
  return false;
}

DaneView view(const DaneState& s) noexcept {
  return {s.route,  s.mx,        s.trouble,     s.off_policy, s.hosts,
          s.detail, s.looked_at, s.valid_until, s.next_try,   s.failures};
}

DaneState to_state(const DaneView& v) {
  return {v.route,     v.mx,          v.trouble,  v.off_policy, std::string(v.hosts), std::string(v.detail),
          v.looked_at, v.valid_until, v.next_try, v.failures};
}

bool state_in_force(const DaneView& dane, Time now) noexcept {
  return dane.mx != MxState::unknown && now < dane.valid_until && now >= dane.looked_at;
}

bool proof_counts(const DaneView& dane, Time now) noexcept {
  return dane.mx != MxState::unknown && now - dane.looked_at <= proof_age;
}

std::optional<HostProof> last_proof(const HostLine& host, Time looked_at, Time now) noexcept {
  std::optional<HostProof> proof = host.proof;
  if (!proof && host.state == HostState::lost) proof = {HostState::usable, looked_at};
  if (!proof && host.state != HostState::failed && host.state != HostState::not_asked)
    proof = {host.state, looked_at};
  if (proof && now - proof->at > proof_age) return std::nullopt;
  return proof;
}

HostTally tally(std::string_view hosts, unsigned mx_hosts) noexcept {
  HostTally sum;
  for_each_counted(hosts, mx_hosts, [&](const HostLine& host) { count(sum, host.state); });
  return sum;
}

HostTally tally_proofs(const DaneView& dane, Time now, unsigned mx_hosts) noexcept {
  HostTally sum;
  for_each_counted(dane.hosts, mx_hosts, [&](const HostLine& host) {
    auto proof = last_proof(host, dane.looked_at, now);
    if (host.state == HostState::not_asked) return;
    if (!proof) return count(sum, HostState::failed);
    bool tlsa = proof->state == HostState::usable || proof->state == HostState::unusable;
    count(sum, tlsa && has_failed(host.state) ? HostState::lost : proof->state);
  });
  return sum;
}

bool none_matches(std::string_view hosts, std::string_view patterns) {
  std::vector<DomainName> names;
  for_each_part(hosts, [&](std::string_view line) {
    if (auto name = DomainName::parse(read_host(line).name)) names.push_back(*name);
  });
  bool any = false;
  for_each_part(patterns, [&](std::string_view text) {
    auto pattern = any ? std::nullopt : MxPattern::parse(text);
    any = any || (pattern &&
                  std::ranges::any_of(names, [&](const DomainName& name) { return pattern->matches(name); }));
  });
  return !names.empty() && !any;
}

}  // namespace mtasts
