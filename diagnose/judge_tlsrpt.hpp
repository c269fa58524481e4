// judge_tlsrpt - judges where a domain wants its TLS reports sent (docs/CHECKS.md, 601 to 611). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dns_answer.hpp"
#include "diagnose/checking.hpp"

namespace mtasts {

// The TXT records at a name where people put the record by mistake.
struct ElsewhereFacts {
  std::string name;
  DnsAnswer answer;
};

// What is known about the host of one URI.
struct ReportHostFacts {
  std::string uri;  // as in TlsRptLint::uris; report_target() names the host to look up
  std::string
      fault;  // why no report gets there: "gone.example: NXDOMAIN"; empty: nothing is known against it
};

struct TlsRptFacts {
  std::string domain;                       // the policy domain, as DomainName::str() has it
  DnsAnswer record;                         // TXT at _smtp._tls.<domain>
  std::vector<ElsewhereFacts> elsewhere{};  // of misplaced_tlsrpt_names(); empty: not asked
  std::vector<ReportHostFacts> hosts{};     // empty: not asked
  bool has_policy_or_dane = false;          // whether there is anything to report about
};

// One step, "tlsrpt"; unknown if the lookup failed. No finding is an error, since mail is not affected.
Judgement judge_tlsrpt(const TlsRptFacts& facts);

// Where to look for a record if there is none at _smtp._tls.<domain>: the domain itself, _smtp-tlsrpt,
// _tlsrpt, names without an underscore, and the name with the domain appended twice. May include names that
// are longer than the DNS allows.
std::vector<std::string> misplaced_tlsrpt_names(std::string_view domain);

}  // namespace mtasts
