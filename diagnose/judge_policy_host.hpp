// judge_policy_host - what is wrong with the host that serves a domain's policy, at each of its addresses
// (docs/CHECKS.md, 201 to 225). Pure. The text of the policy is judged by judge_policy.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/dns_answer.hpp"
#include "core/time.hpp"
#include "diagnose/checking.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

struct PolicyHostAddress {
  Address address;
  PolicyHostAnswer answer;
};

struct PolicyHostFacts {
  std::string domain;                        // the policy domain
  DnsAnswer v4, v6;                          // A and AAAA of mta-sts.<domain>
  std::vector<PolicyHostAddress> addresses;  // those that were asked; empty: none, or behind a proxy
  // The one fetch that a sender makes; nullopt: it was not made.
  std::optional<std::expected<HttpAnswer, FetchError>> fetched;
  bool wanted = true;       // the record announces a policy, or there is a policy host although it does not
  unsigned warn_days = 14;  // a certificate that expires sooner is worth a warning
};

// Adds the step "policy-host".
Judgement judge_policy_host(const PolicyHostFacts& facts, Time now);

}  // namespace mtasts
