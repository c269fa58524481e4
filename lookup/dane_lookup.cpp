#include "lookup/dane_lookup.hpp"

#include <algorithm>

#include "lookup/freshness.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t hosts_at_once = 10;     // of one lookup: 20 of the questions that may be out (UB-23)
constexpr std::size_t most_ds_questions = 8;  // about the DNS zones above a dead host
constexpr std::string_view unknown_port =
    "the next hop's service name is not in /etc/services, so TLSA records can't be looked up";

HostFinding found(HostState state, std::uint32_t ttl) { return {state, {}, ttl}; }

HostFinding failed(std::string detail, bool bogus = false) {
  return {HostState::failed, std::move(detail), longest_ttl, bogus};
}

// For gather(), which keeps dns alive.
asio::awaitable<DnsAnswer> ask(Dns& dns, std::string name, RrType type) {
  co_return co_await dns.ask(std::move(name), type);
}

DnsAnswer or_failure(std::optional<DnsAnswer> answer) {
  if (answer) return *std::move(answer);
  DnsAnswer failure;
  failure.reason = "internal error";
  return failure;
}

asio::awaitable<std::pair<DnsAnswer, DnsAnswer>> ask_addresses(Dns& dns, std::string name) {
  std::vector<asio::awaitable<DnsAnswer>> both;
  both.push_back(ask(dns, name, RrType::a));
  both.push_back(ask(dns, name, RrType::aaaa));
  auto answers = co_await gather(std::move(both), nullptr);
  co_return std::pair(or_failure(std::move(answers[0])), or_failure(std::move(answers[1])));
}

// The names above a name and the name itself, from the top; as many of them as may be asked about.
std::vector<std::string> from_the_top(std::string name) {
  std::vector<std::string> names;
  while (true) {
    names.push_back(name);
    auto dot = name.find('.');
    if (dot == std::string::npos) break;
    name.erase(0, dot + 1);
  }
  std::ranges::reverse(names);
  if (names.size() > most_ds_questions) names.resize(most_ds_questions);
  return names;
}

// Proves that a name is in an unsigned DNS zone although nothing in that zone answers: a delegation at or
// above it has no DS (net/dns/delegation.hpp). Asks from the top down, as far as zones answer. Returns the
// TTL of the answer that proves it; nullopt: no proof.
asio::awaitable<std::optional<std::uint32_t>> unsigned_for(Dns& dns, std::string host) {
  for (std::string& name : from_the_top(std::move(host))) {
    DnsAnswer ds = co_await dns.ask(std::move(name), RrType::ds);
    if (is_failure(ds) || !ds.canonical.empty()) co_return std::nullopt;
    if (ds.unsigned_delegation) co_return ds.ttl;
  }
  co_return std::nullopt;
}

// DANE-7: the end of the alias is not signed, but the alias itself may be. Then TLSA records of the host's
// own name count.
asio::awaitable<AddressFinding> resolve_alias(Dns& dns, std::string host, AddressFinding addresses) {
  DnsAnswer cname = co_await dns.ask(host, RrType::cname);
  if (is_failure(cname)) {
    addresses.state = AddressFinding::State::failed;
    addresses.bogus = cname.security == DnsAnswer::Security::bogus;
    addresses.detail = failure_words(RrType::cname, host, cname);
    co_return addresses;
  }
  addresses.ttl = std::min(addresses.ttl, cname.ttl);
  bool secure = cname.security == DnsAnswer::Security::secure && cname.kind == DnsAnswer::Kind::data;
  addresses.state = secure ? AddressFinding::State::secure : AddressFinding::State::insecure;
  co_return addresses;
}

// The first base domain with a secure RRset decides (DANE-15).
asio::awaitable<HostFinding> look_up_tlsa(Dns& dns, AddressFinding addresses, std::uint16_t port) {
  if (port == 0) co_return failed(std::string(unknown_port));
  std::uint32_t ttl = addresses.ttl;
  bool denied = true;
  for (const std::string& base : addresses.bases) {
    std::string name = tlsa_name(port, base);
    if (name.empty()) continue;
    DnsAnswer answer = co_await dns.ask(name, RrType::tlsa);
    auto state = judge_tlsa(answer);
    if (state == HostState::failed)
      co_return failed(failure_words(RrType::tlsa, name, answer),
                       answer.security == DnsAnswer::Security::bogus);
    ttl = std::min(ttl, answer.ttl);
    if (state) co_return found(*state, ttl);
    denied = denied && answer.security == DnsAnswer::Security::secure;
  }
  co_return found(denied ? HostState::none : HostState::insecure, ttl);
}

std::string text_of(const MxHost& host) { return std::string(host.name.str()); }

// Hosts that are not decided by the deadline count as failed.
asio::awaitable<std::vector<HostFinding>> look_up_hosts(std::shared_ptr<Dns> dns, std::vector<MxHost> hosts,
                                                        std::uint16_t port, Steady::time_point deadline) {
  std::vector<HostFinding> findings;
  auto late = [&] { return failed("MX host " + text_of(hosts[findings.size()]) + ": no answer in time"); };
  while (findings.size() < hosts.size()) {
    if (Steady::now() >= deadline) {  // start no more lookups
      findings.push_back(late());
      continue;
    }
    std::vector<asio::awaitable<HostFinding>> looks;
    std::size_t end = std::min(hosts.size(), findings.size() + hosts_at_once);
    for (std::size_t i = findings.size(); i < end; ++i)
      looks.push_back(look_up_host(*dns, text_of(hosts[i]), port));
    for (auto& each : co_await gather(std::move(looks), dns, deadline)) {
      findings.push_back(each ? *std::move(each) : late());
    }
  }
  co_return findings;
}

}  // namespace

asio::awaitable<HostFinding> look_up_host(Dns& dns, std::string host, std::uint16_t port) {
  auto [a, aaaa] = co_await ask_addresses(dns, host);
  AddressFinding addresses = judge_addresses(host, a, aaaa);
  if (addresses.state == AddressFinding::State::alias)
    addresses = co_await resolve_alias(dns, host, std::move(addresses));
  switch (addresses.state) {
    case AddressFinding::State::none: co_return found(HostState::unreachable, addresses.ttl);
    case AddressFinding::State::alias:
    case AddressFinding::State::insecure:
      co_return found(addresses.has_address ? HostState::insecure : HostState::unreachable, addresses.ttl);
    case AddressFinding::State::secure: break;
    case AddressFinding::State::failed:
      if (auto ttl = co_await unsigned_for(dns, host); ttl) co_return found(HostState::insecure, *ttl);
      co_return failed(std::move(addresses.detail), addresses.bogus);
  }
  co_return co_await look_up_tlsa(dns, std::move(addresses), port);
}

// If the clock is wrong, every signature is out of date. What was left undecided because of that is looked up
// again soon, so that mail goes out once the clock is right.
DaneState soon_again(DaneState state, const Moment& moment) {
  bool host_failed = tally(state.hosts, max_mx_hosts).failed > 0;
  if (moment.clock.certain || (state.trouble == MxTrouble::none && !host_failed)) return state;
  state.next_try = moment.now + doubt_backoff;
  if (host_failed) state.valid_until = std::min(state.valid_until, state.next_try);
  return state;
}

asio::awaitable<DaneState> look_up_dane(std::shared_ptr<Dns> dns, const Clock& clock, DomainName domain,
                                        Route route, std::optional<DaneState> before,
                                        DaneLookupOptions options) {
  auto deadline = Steady::now() + options.limit;
  MxFinding mx;
  if (route.bracketed) {
    mx = bracketed_host(domain);
  } else {
    DnsAnswer answer = co_await dns->ask(std::string(domain.str()), RrType::mx);
    mx = judge_mx(domain, answer);
  }
  std::vector<HostFinding> findings;
  if (mx.state == MxState::secure) {
    std::vector<MxHost> hosts = mx.hosts;
    hosts.erase(hosts.begin() + static_cast<std::ptrdiff_t>(hosts_to_look_up(hosts, options.mx_hosts)),
                hosts.end());
    findings = co_await look_up_hosts(dns, std::move(hosts), route.port, deadline);
  }
  Moment moment = clock.moment();
  co_return soon_again(after_dane_lookup(moment.now, route, before, mx, findings), moment);
}

}  // namespace mtasts
