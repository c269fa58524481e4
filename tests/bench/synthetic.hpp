// synthetic - makes entries like those in a relay's cache; bench_populate stores them.
//
// A domain with a policy has mode enforce, max_age 7 days and two mx patterns, which are those of its mail
// provider (a few providers have most domains, by Zipf's law) or its own. Its MX RRset is insecure, as that
// of most domains. A negative entry has no TXT record. Every entry answers without a recheck for three
// quarters of `valid`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/domain_name.hpp"
#include "core/record.hpp"

namespace mtasts::bench {

enum class RecordKind { policy, negative, mixed };  // mixed: domains with an even number have a policy

struct RecordPlan {
  RecordKind kind = RecordKind::policy;
  bool dane = true;                            // with a DANE state for the domain as the next hop, port 25
  std::uint64_t providers = 1000;              // 0: each domain has mx hosts of its own
  std::chrono::seconds valid{86400};           // how long the DNS data is valid from now on
  std::chrono::seconds refresh_after{3600};    // no policy is due for a refresh earlier than this from now
  std::chrono::seconds refresh_spread{86400};  // then they fall due evenly over this time,
  std::uint64_t domains = 0;  // in the order of their numbers if this is how many there are; 0: in no order
};

// The same arguments always give the same entry.
Record synthetic_record(const RecordPlan& plan, std::uint64_t number, const DomainName& domain, Time now);

// The policy that the policy host of such a domain would serve.
std::string synthetic_policy(const RecordPlan& plan, std::uint64_t number, const DomainName& domain);

}  // namespace mtasts::bench
