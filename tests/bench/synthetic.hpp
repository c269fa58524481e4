// synthetic - made-up records as a relay's cache holds them: what bench_populate stores, by number.
//
// A policy domain: mode enforce, max_age 7 days, two mx patterns, of its mail provider (few have many
// domains, by Zipf's law) or of its own; its MX RRset is insecure, as of most domains. A negative one: no TXT
// record. Every record answers by itself, without a recheck, for three quarters of `valid`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/domain_name.hpp"
#include "core/record.hpp"

namespace mtasts::bench {

enum class RecordKind { policy, negative, mixed };  // mixed: even numbers have a policy

struct RecordPlan {
  RecordKind kind = RecordKind::policy;
  bool dane = true;                            // with the DANE state of the domain as a next hop, port 25
  std::uint64_t providers = 1000;              // 0: each domain has mx hosts of its own
  std::chrono::seconds valid{86400};           // what DNS said, from now on
  std::chrono::seconds refresh_after{3600};    // no policy is due for a refresh before this
  std::chrono::seconds refresh_spread{86400};  // and then they fall due evenly over this time,
  std::uint64_t domains = 0;                   // by number, of so many; 0: in no order
};

// Deterministic in its arguments.
Record synthetic_record(const RecordPlan& plan, std::uint64_t number, const DomainName& domain, Time now);

// The body that the policy host of such a domain would serve.
std::string synthetic_policy(const RecordPlan& plan, std::uint64_t number, const DomainName& domain);

}  // namespace mtasts::bench
