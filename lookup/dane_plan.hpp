// dane_plan - the rules of looking DANE up, as pure functions: what an MX answer means, which names may have
// TLSA records, and how long a finding may be kept (RFC 7672 §2, DANE-1 to DANE-15, DANE-26, DANE-27).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dane.hpp"
#include "core/dns_answer.hpp"
#include "core/domain_name.hpp"
#include "core/record.hpp"
#include "core/tlsa.hpp"

namespace mtasts {

inline constexpr std::uint32_t longest_ttl = 86'400;  // seconds

struct MxHost {
  DomainName name;
  bool first_of_group = true;  // the first of its preference
};

struct MxFinding {
  MxState state = MxState::unknown;
  MxTrouble trouble = MxTrouble::none;
  std::string detail;               // of the trouble: "MX example.com: DNSSEC bogus: …"
  std::uint32_t ttl = longest_ttl;  // seconds
  std::vector<MxHost> hosts;        // by preference, each name once, at most max_mx_hosts
};

// The MX answer for a domain. Without MX records the domain is its own host (RFC 5321 §5.1); names that are
// no host names are left out, as Postfix does.
MxFinding judge_mx(const DomainName& domain, const DnsAnswer& answer);
// "[host]": no MX lookup, the host is the next hop (PFX-32).
MxFinding bracketed_host(const DomainName& host);

// How many of the hosts are looked at: whole preference groups until there are mx_hosts (DANE-26).
std::size_t hosts_to_look_up(const std::vector<MxHost>& hosts, unsigned mx_hosts);

struct HostFinding {
  HostState state = HostState::not_asked;
  std::string detail;               // failed: "TLSA _25._tcp.mx.example.com: SERVFAIL"
  std::uint32_t ttl = longest_ttl;  // the smallest of its answers; a failed answer has none
  bool bogus = false;               // failed: by an answer that is bogus
};

// What the two address answers say, before any TLSA lookup.
struct AddressFinding {
  enum class State {
    none,      // no address: unreachable
    failed,    // no address is known, and a lookup failed
    secure,    // TLSA may be asked: `bases` in this order (DANE-14)
    insecure,  // not signed, and no alias that could be: no TLSA lookup (DANE-13)
    alias,     // not signed at its end, but it is an alias: is the alias itself signed? (DANE-7)
  };
  State state = State::none;
  std::string detail;  // failed
  bool bogus = false;  // failed: by an answer that is bogus
  bool has_address = true;
  std::uint32_t ttl = longest_ttl;
  std::vector<std::string> bases;  // TLSA base domains to try
};
AddressFinding judge_addresses(std::string_view host, const DnsAnswer& a, const DnsAnswer& aaaa);

// Of the TLSA lookup at one base domain. nullopt: no secure record there, the next base domain counts.
std::optional<HostState> judge_tlsa(const DnsAnswer& answer);

// "TLSA _25._tcp.mx.example.com: SERVFAIL"
std::string failure_words(RrType type, std::string_view name, const DnsAnswer& answer);
// Also one that nobody validated: it must not be taken for insecure (DANE-3).
bool is_failure(const DnsAnswer& answer) noexcept;

// The state after a look that began with `before`. hosts: one for each of mx.hosts that was looked at. What
// could not be decided is remembered 30 s, doubling to 5 minutes; the last state, or that of a single host
// whose lookup failed, goes on to count until its TTL is over, but not against an answer that is bogus. What
// an answer proved stays for 30 days, with the time of that answer (core/dane.hpp).
DaneState after_dane_lookup(Time now, Route route, const std::optional<DaneState>& before,
                            const MxFinding& mx, const std::vector<HostFinding>& hosts);

// Puts a state in its route's place in the record.
void keep_dane(Record& record, DaneState state);
// Orders the states by their looks, the last one first. Which of them are stored: bound_dane_states().
void newest_first(Record& record);

// Lets states that a flight looked up count for its askers now, also those whose TTL is over before their
// policy is there. looked: their next hops.
void serve_askers(Record& record, const std::vector<Route>& looked, Time now);

// Brings DaneState::off_policy in line with the record's policy.
void mark_off_policy(Record& record);

}  // namespace mtasts
