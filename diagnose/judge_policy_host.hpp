// judge_policy_host - what is wrong with the host that serves a domain's policy, at each of its addresses
// (docs/CHECKS.md, 201 to 225). Pure. The text of the policy is judged by judge_policy.hpp.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/dns_answer.hpp"
#include "core/time.hpp"
#include "diagnose/checking.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

// An answer that takes longer is worth a warning: many senders give up after 5 to 30 s.
inline constexpr std::chrono::seconds slow_policy{10};

struct PolicyHostAddress {
  Address address;
  PolicyHostAnswer answer;
  std::chrono::milliseconds took{0};
};

struct PolicyHostFacts {
  std::string domain;                        // the policy domain
  DnsAnswer v4, v6;                          // A and AAAA of mta-sts.<domain>
  std::vector<PolicyHostAddress> addresses;  // with PolicyHostAnswer::asked false: special use, or a proxy
  // The one fetch that a sender makes; nullopt: it was not made. It is judged if no address was asked.
  std::optional<std::expected<HttpAnswer, FetchError>> fetched;
  std::vector<PolicyPlace> places;  // where a policy was found instead, and no sender looks
  bool wanted = true;        // the record announces a policy, or there is a policy host although it does not
  unsigned warn_days = 14;   // a certificate that expires sooner is worth a warning
  std::size_t left_out = 0;  // further addresses, which were not asked
};

// One step, "policy-host". It is unknown if what failed was this host, a proxy, or the time that a check has;
// but an IPv6 address that can't be asked from here does not count if another one is good.
Judgement judge_policy_host(const PolicyHostFacts& facts, Time now);

}  // namespace mtasts
