// explanation - what mtastsctl explain works out, as values: the inputs of a decision, one look at DNS and
// HTTPS with the daemon's own code, and what follows from them.
//
// The same inputs and the same answers give the same Explanation: nothing here reads a clock, a file or the
// network but through the ports.
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
  ClockState clock{};            // whether now can be trusted, by what the cache remembers
  std::string next_hop;          // as asked; any octets
  std::string map = "postfix";   // REQUIRES: parse_map_name() takes it
  std::uint16_t port = 25;       // of the next hop; 0: a service that the system does not know
  std::string without_policy;    // why the domain has none by rule 1 ([dns] private); may be empty
  unsigned mx_hosts = 10;        // MX hosts looked at: the most that any zone wants
  ZoneRules rules;               // of the zone, before the override; dnssec_detail is below
  std::string dnssec_detail;     // why DNSSEC does not work, or a warning
  std::optional<Override> over;  // in force for the next hop
  std::optional<Record> stored;  // what the cache has
  // Words for people: who resolves, how it is known whether Postfix does DANE, what became of the cache.
  std::string way, postfix, cache;

  Moment moment() const noexcept { return {now, clock}; }
};

// The next hop as the daemon reads it.
struct Hop {
  std::optional<DomainName> domain;
  bool bracketed = false;
  std::string port;     // as written; empty: none
  std::string why_not;  // not empty: without a policy by rule 1
};
Hop read_hop(const ExplainInputs& inputs);

// Whether rules 1 and 2 settle the answer before any lookup.
bool settled_at_once(const ExplainInputs& inputs, const Hop& hop);

struct HostDetail {
  std::string host, detail;
};

struct Explanation {
  ExplainInputs inputs;
  Trace trace;
  Hop hop;
  bool looked = false;                       // at the policy; false: settled_at_once()
  bool dane_looked = false;                  // at MX and TLSA
  bool fetched = false;                      // HTTPS was asked
  Record record;                             // after the look
  std::vector<HostDetail> hosts;             // of MX hosts that failed
  std::optional<DnsAnswer> unsigned_answer;  // the domain's DS records, if its MX records are not signed
  Verdict verdict = Verdict::not_found;
  std::string rule, reason, detail;
  std::array<std::pair<Dialect, std::string>, 3> replies;

  Route route() const noexcept { return {hop.bracketed, inputs.port}; }
  const std::string& reply() const;  // in the dialect of the map; json and prefetch count as postfix
};

// The MTA-STS record as it was found; nullopt: not asked, or no answer that counts (bogus, failed).
std::optional<RecordLint> judged_record(const Explanation& all);

// Whether the record's policy came by HTTPS just now.
bool fetched_now(const Explanation& all) noexcept;

// As answer/question.hpp has them for the daemon. They live as long as inputs.
ZoneRules rules_for(const ExplainInputs& inputs, Dialect dialect) noexcept;

// Asks through the ports, which note what they are asked in trace. sts_dns: for the MTA-STS record, as in
// Network; nullptr: dns. Blocks until all is answered; loop runs meanwhile, here.
Explanation explain_over(boost::asio::io_context& loop, Dns& dns, Fetch& fetch, const Trace& trace,
                         ExplainInputs inputs, Dns* sts_dns = nullptr);

// The same from a saved trace, without a network.
Explanation replay(ExplainInputs inputs, Trace trace);

}  // namespace mtasts
