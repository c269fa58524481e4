// judge_record - what is wrong with a domain's MTA-STS record and with how DNS serves it (docs/CHECKS.md, 101
// to 120). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_answer.hpp"
#include "diagnose/checking.hpp"
#include "diagnose/judge_tlsrpt.hpp"

namespace mtasts {

// What a name server of the zone said itself about TXT at _mta-sts.<domain>.
struct NameServerFacts {
  std::string name;
  DnsAnswer answer;  // Kind::failed: there was none, or none that counts
};

struct RecordFacts {
  std::string domain;                           // the policy domain
  DnsAnswer record;                             // TXT at _mta-sts.<domain>
  std::vector<ElsewhereFacts> elsewhere{};      // TXT at misplaced_record_names(); empty: not asked
  std::optional<DnsAnswer> policy_host{};       // A or AAAA of mta-sts.<domain>, the one that has data
  std::optional<bool> policy_served{};          // the policy host serves a valid policy; nullopt: not asked
  std::vector<NameServerFacts> name_servers{};  // empty: not asked
  bool all_mx_have_dane = false;                // a domain that DANE protects needs no record
  bool takes_no_mail = false;                   // null MX: nor does this one
};

// One step, "record". It is unknown if the lookup failed because of this host (DnsAnswer::local).
Judgement judge_record(const RecordFacts& facts);

// Whether a TXT answer has a record that is meant for MTA-STS.
bool has_sts_record(const DnsAnswer& answer);

// Where to look for a record if there is none at _mta-sts: the domain itself, mta-sts, _mta-sts._mta-sts, and
// the name with the domain appended twice. May include names that are longer than the DNS allows.
std::vector<std::string> misplaced_record_names(std::string_view domain);

}  // namespace mtasts
