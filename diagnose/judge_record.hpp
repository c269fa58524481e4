// judge_record - what is wrong with a domain's MTA-STS record and with how DNS serves it (docs/CHECKS.md, 101
// to 120). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dns_answer.hpp"
#include "diagnose/checking.hpp"

namespace mtasts {

struct RecordFacts {
  std::string domain;                    // the policy domain
  DnsAnswer record;                      // TXT at _mta-sts.<domain>
  std::optional<DnsAnswer> apex;         // TXT at the domain itself; nullopt: not asked
  std::optional<DnsAnswer> doubled;      // TXT at _mta-sts.<domain>.<domain>, where some panels put it
  std::optional<DnsAnswer> policy_host;  // A or AAAA of mta-sts.<domain>, the one that has data
  std::optional<bool> policy_served;     // the policy host serves a valid policy; nullopt: not asked
  bool all_mx_have_dane = false;         // a domain that DANE protects needs no record
};

// Adds the step "record".
Judgement judge_record(const RecordFacts& facts);

}  // namespace mtasts
