#include "lookup/dane_look.hpp"

#include <algorithm>

#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::string_view unknown_port =
    "the next hop's service name is not in /etc/services, so TLSA records can't be looked up";

HostFinding found(HostState state, std::uint32_t ttl) { return {state, {}, ttl}; }
HostFinding failed(std::string detail) { return {HostState::failed, std::move(detail), longest_ttl}; }

asio::awaitable<std::pair<DnsAnswer, DnsAnswer>> ask_addresses(Dns& dns, std::string name) {
  std::vector<asio::awaitable<DnsAnswer>> both;
  both.push_back(dns.ask(name, RrType::a));
  both.push_back(dns.ask(name, RrType::aaaa));
  auto answers = co_await gather(std::move(both));
  co_return std::pair(std::move(answers[0]), std::move(answers[1]));
}

// Whether a name is provably in an unsigned zone though nothing in it answers: a delegation above it has no
// DS (RFC 4035 §5.2; with opt-out that denial counts as insecure itself, RFC 5155 §9.2). From the top down,
// as far as the zones that are alive answer. The TTL of that answer; nullopt: no proof.
asio::awaitable<std::optional<std::uint32_t>> unsigned_for(Dns& dns, DomainName host) {
  std::vector<DomainName> above;
  for (auto name = host.parent(); name; name = name->parent()) above.push_back(*name);
  for (auto name = above.rbegin(); name != above.rend(); ++name) {
    DnsAnswer ds = co_await dns.ask(std::string(name->str()), RrType::ds);
    if (is_failure(ds)) co_return std::nullopt;
    if (ds.security == DnsAnswer::Security::insecure || ds.unsigned_delegation) co_return ds.ttl;
  }
  co_return std::nullopt;
}

// DANE-7: the end of the alias is not signed, but the alias itself may be; then TLSA records of the host's
// own name count.
asio::awaitable<AddressFinding> resolve_alias(Dns& dns, DomainName host, AddressFinding addresses) {
  DnsAnswer cname = co_await dns.ask(std::string(host.str()), RrType::cname);
  if (is_failure(cname)) {
    addresses.state = AddressFinding::State::failed;
    addresses.detail = failure_words(RrType::cname, host.str(), cname);
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
    if (state == HostState::failed) co_return failed(failure_words(RrType::tlsa, name, answer));
    ttl = std::min(ttl, answer.ttl);
    if (state) co_return found(*state, ttl);
    denied = denied && answer.security == DnsAnswer::Security::secure;
  }
  co_return found(denied ? HostState::none : HostState::insecure, ttl);
}

}  // namespace

asio::awaitable<HostFinding> look_up_host(Dns& dns, DomainName host, std::uint16_t port) {
  auto [a, aaaa] = co_await ask_addresses(dns, std::string(host.str()));
  AddressFinding addresses = judge_addresses(host, a, aaaa);
  if (addresses.state == AddressFinding::State::alias)
    addresses = co_await resolve_alias(dns, host, std::move(addresses));
  switch (addresses.state) {
    case AddressFinding::State::none: co_return found(HostState::unreachable, addresses.ttl);
    case AddressFinding::State::alias:
    case AddressFinding::State::insecure: co_return found(HostState::insecure, addresses.ttl);
    case AddressFinding::State::secure: break;
    case AddressFinding::State::failed:
      if (auto ttl = co_await unsigned_for(dns, host); ttl) co_return found(HostState::insecure, *ttl);
      co_return failed(std::move(addresses.detail));
  }
  co_return co_await look_up_tlsa(dns, std::move(addresses), port);
}

asio::awaitable<DaneState> look_up_dane(Dns& dns, const Clock& clock, DomainName domain, Route route,
                                        std::optional<DaneState> before, unsigned mx_hosts) {
  MxFinding mx;
  if (route.bracketed) {
    mx = bracketed_host(domain);
  } else {
    DnsAnswer answer = co_await dns.ask(std::string(domain.str()), RrType::mx);
    mx = judge_mx(domain, answer);
  }
  std::vector<HostFinding> findings;
  if (mx.state == MxState::secure) {
    std::vector<asio::awaitable<HostFinding>> looks;
    for (std::size_t i = 0; i < hosts_to_look_at(mx.hosts, mx_hosts); ++i)
      looks.push_back(look_up_host(dns, mx.hosts[i].name, route.port));
    findings = co_await gather(std::move(looks));
  }
  co_return after_dane_look(clock.now(), route, before, mx, findings);
}

}  // namespace mtasts
