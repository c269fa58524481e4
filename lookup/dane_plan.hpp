// dane_plan - the rules of a DANE lookup, as pure functions: what an MX answer means, which names may have
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
  bool first_of_group = true;  // the first host of its preference
};

struct MxFinding {
  MxState state = MxState::unknown;
  MxTrouble trouble = MxTrouble::none;
  std::string detail;               // of the trouble: "MX example.com: DNSSEC bogus: …"
  std::uint32_t ttl = longest_ttl;  // seconds
  std::vector<MxHost> hosts;        // by preference, each name once, at most max_mx_hosts
};

// What the answer to the domain's MX question means. Without MX records the domain is its own host (RFC 5321
// §5.1). Names that are not host names are left out, as Postfix does.
MxFinding judge_mx(const DomainName& domain, const DnsAnswer& answer);
// The same for the next hop "[host]": no MX is looked up, and the host itself is the only one (PFX-32).
MxFinding bracketed_host(const DomainName& host);

// How many of the hosts are looked up: whole preference groups, until there are at least mx_hosts (DANE-26).
std::size_t hosts_to_look_up(const std::vector<MxHost>& hosts, unsigned mx_hosts);

struct HostFinding {
  HostState state = HostState::not_asked;
  std::string detail;               // of a failure: "TLSA _25._tcp.mx.example.com: SERVFAIL"
  std::uint32_t ttl = longest_ttl;  // seconds; the smallest of its answers, failed ones left out
  bool bogus = false;               // the failure is a bogus answer
};

// What the answers to a host's A and AAAA questions say, before any TLSA lookup.
struct AddressFinding {
  enum class State {
    none,      // no address: unreachable
    failed,    // no address is known, and a lookup failed
    secure,    // look up TLSA records at `bases`, in this order (DANE-14)
    insecure,  // neither signed nor an alias: no TLSA lookup (DANE-13)
    alias,     // an alias whose end is not signed: is the alias itself signed? (DANE-7)
  };
  State state = State::none;
  std::string detail;  // of a failure
  bool bogus = false;  // the failure is a bogus answer
  bool has_address = true;
  std::uint32_t ttl = longest_ttl;
  std::vector<std::string> bases;  // TLSA base domains to try
};
AddressFinding judge_addresses(std::string_view host, const DnsAnswer& a, const DnsAnswer& aaaa);

// What the answer to the TLSA question at one base domain means: usable, unusable or failed. nullopt: no
// secure record is there, so the next base domain counts.
std::optional<HostState> judge_tlsa(const DnsAnswer& answer);

// Says what failed: "TLSA _25._tcp.mx.example.com: SERVFAIL".
std::string failure_words(RrType type, std::string_view name, const DnsAnswer& answer);
// True if the answer failed, is bogus, or was validated by nobody. The last must not be taken for insecure
// (DANE-3).
bool is_failure(const DnsAnswer& answer) noexcept;

// The state after a lookup. before: the state when it began; nullopt: there was none. hosts: one finding for
// each of mx.hosts that was looked up.
//
// What could not be decided is looked up again after 30 s, doubling to 5 minutes. Until its TTL is over, the
// earlier state still counts, and so does that of a single host whose lookup failed; but not against a bogus
// answer. What an answer proved stays for 30 days, with the time of that answer (core/dane.hpp).
DaneState after_dane_lookup(Time now, Route route, const std::optional<DaneState>& before,
                            const MxFinding& mx, const std::vector<HostFinding>& hosts);

// Puts a state into the record, in place of the earlier one of its route.
void keep_dane(Record& record, DaneState state);
// Sorts the states by the time of their lookup, the latest first. bound_dane_states() says which of them are
// stored.
void newest_first(Record& record);

// Makes states that a flight has looked up count for its askers now, even if their TTL is over before the
// policy is known. looked: the routes of these states.
void serve_askers(Record& record, const std::vector<Route>& looked, Time now);

// Sets DaneState::off_policy of every state, by the record's policy.
void mark_off_policy(Record& record);

}  // namespace mtasts
