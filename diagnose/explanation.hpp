// explanation - what `mtastsctl explain` works out, as values: the inputs of a decision, one lookup over DNS
// and HTTPS with the daemon's own code, and the decision.
//
// The same inputs and the same answers give the same Explanation. Nothing here reads a clock or a file, and
// the network is reached only through the ports.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/map_name.hpp"
#include "core/record.hpp"
#include "core/sts_record.hpp"
#include "lookup/dane_plan.hpp"
#include "lookup/trace.hpp"

namespace mtasts {

struct ExplainInputs {
  Time now{};
  ClockState clock{};            // whether `now` can be trusted, judged by what the cache remembers
  std::string next_hop;          // as asked; any octets
  std::string map = "postfix";   // REQUIRES: parse_map_name() accepts it
  std::uint16_t port = 25;       // of the next hop; 0: a service name that the system does not know
  std::string without_policy;    // why rule 1 says that the domain has no policy ([dns] private); or empty
  unsigned mx_hosts = 10;        // how many MX hosts are looked up: the most that any zone wants
  ZoneRules rules;               // of the zone, before the override; its dnssec_detail is not used
  std::string dnssec_detail;     // why DNSSEC does not work, or a warning
  bool dnssec_known = true;      // false: no answer said whether DNSSEC works; the rules take it that it does
  std::optional<Override> over;  // in force for the next hop
  std::optional<Record> stored;  // the domain's entry in the cache
  // For people: the way, how it is known whether Postfix does DANE, whether the cache could be read.
  std::string way, postfix, cache;

  Moment moment() const noexcept { return {now, clock}; }
};

// The next hop, read as the daemon reads it.
struct Hop {
  std::optional<DomainName> domain;  // nullopt: the next hop has no policy domain
  bool bracketed = false;
  std::string port;     // as written; empty: none
  std::string why_not;  // why rule 1 answers that there is no policy; empty: rule 1 does not apply
};
Hop read_hop(const ExplainInputs& inputs);

// Whether rules 1 and 2 decide the answer without a lookup.
bool settled_at_once(const ExplainInputs& inputs, const Hop& hop);

// Why the lookup of an MX host failed.
struct HostDetail {
  std::string host, detail;
};

struct Explanation {
  ExplainInputs inputs;
  Trace trace;
  Hop hop;
  bool looked = false;            // the policy was looked up; false: settled_at_once()
  bool dane_looked = false;       // MX and TLSA records were looked up
  bool fetched = false;           // the policy host was asked
  Record record;                  // the domain's entry after the lookup
  std::vector<HostDetail> hosts;  // the MX hosts whose lookup failed
  // The answer for the domain's DS records; set if its MX RRset is insecure.
  std::optional<DnsAnswer> unsigned_answer;
  Verdict verdict = Verdict::not_found;
  std::string rule, reason, detail;
  std::array<std::pair<Dialect, std::string>, 3> replies;

  Route route() const noexcept { return {hop.bracketed, inputs.port}; }
  const std::string& reply() const;  // in the map's dialect; `json` and `prefetch` count as `postfix`
};

// What was found as the domain's TXT record. nullopt: nobody asked for it, or the lookup failed or was bogus.
std::optional<RecordLint> judged_record(const Explanation& all);

// Whether mail waits by this decision: it is undecided, or no MX host fits the policy.
bool mail_waits(const Explanation& all) noexcept;

// Whether the entry's policy was fetched by this lookup.
bool fetched_now(const Explanation& all) noexcept;

// The rules for one dialect, as in answer/question.hpp. Views in them live as long as inputs.
ZoneRules rules_for(const ExplainInputs& inputs, Dialect dialect) noexcept;

// Looks the next hop up through dns and fetch, and decides. The caller's dns and fetch must note what they
// are asked in trace. sts_dns: asked for the TXT record, as in Network; nullptr: dns is. Blocks until
// everything is answered; meanwhile it runs loop on this thread. Throws what a lookup throws.
Explanation explain_over(boost::asio::io_context& loop, Dns& dns, Fetch& fetch, const Trace& trace,
                         ExplainInputs inputs, Dns* sts_dns = nullptr);

// The same from a saved trace; the network is not used.
Explanation replay(ExplainInputs inputs, Trace trace);

// Only asks what explain_over() would ask, on the caller's loop. What was answered is in the trace of dns and
// fetch, for replay(). The ports must outlive it. Throws what a lookup throws.
boost::asio::awaitable<bool> ask_what_decides(ExplainInputs inputs, Dns& dns, Dns& sts_dns, Fetch& fetch);

}  // namespace mtasts
