// judge_mx - judges a domain's MX records, and its policy against them (docs/CHECKS.md, 401 to 413, but for
// 407, which needs the servers: judge_smtp.hpp). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/domain_name.hpp"
#include "core/mx_list.hpp"
#include "core/sts_policy.hpp"
#include "diagnose/checking.hpp"

namespace mtasts {

// One MX record and what is known about its host.
struct MxHostFacts {
  std::string name;  // as in MxRecord::host
  unsigned preference = 0;
  std::vector<Address> addresses{};
  std::string failure{};   // why there may be more addresses: "A mx.example: SERVFAIL"; empty: these are all
  bool local = false;      // the failure says nothing about the host: this one here lacked something
  std::string alias_of{};  // where the host's CNAME ends; empty: not an alias
};

// The policy in force or, if there is none, the one that was fetched.
struct PolicyFacts {
  Mode mode = Mode::none;
  MxList mx;
};

struct MxFacts {
  DomainName domain;
  std::string failure{};   // why the MX records are not known: "MX example.com: SERVFAIL"; empty: they are
  bool local = false;      // the failure says nothing about the domain: this host lacked something
  bool no_domain = false;  // NXDOMAIN; hosts is empty
  bool null_mx = false;    // RFC 7505; hosts is empty
  bool implicit = false;   // there is no MX record, and hosts has the domain itself
  std::vector<MxHostFacts> hosts{};
  std::vector<MxHostFacts> further{};         // too many to be looked at: only the names are known
  std::optional<PolicyFacts> policy{};        // nullopt: none is known
  std::optional<DomainName> parent_policy{};  // a domain above that has a policy; nullopt: none, or not asked
};

// One step, "mx". What the policy does not cover is an error with mode enforce, and a warning with testing.
// The step is unknown if the addresses of a host can't be looked up because of this host here.
Judgement judge_mx(const MxFacts& facts);

// The mx line that would cover the host, and that stands as deep as the wildcard it replaces: "*.b.example"
// for a.b.example if wildcard, else the host's own name.
std::string pattern_for(const DomainName& host, bool wildcard);

}  // namespace mtasts
