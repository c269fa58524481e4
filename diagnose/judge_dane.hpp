// judge_dane - what is wrong with DANE at a domain and its MX hosts, by what DNS and the servers said: the
// findings 701 to 714 of core/catalogue.hpp.
//
// Pure: a lookup and an SMTP dialogue with each MX host come before it, and their results come in as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dns_answer.hpp"
#include "core/time.hpp"
#include "diagnose/checking.hpp"
#include "lookup/dane_plan.hpp"

namespace mtasts {

// The chain that an MX host showed at one of its addresses.
struct SeenChain {
  std::string address;             // as text
  std::vector<std::string> chain;  // DER, as sent, the leaf first
  bool cut = false;                // certificates at its end are not in `chain`
};

struct DaneHostFacts {
  std::string host;          // as the MX record names it
  AddressFinding addresses;  // what its A and AAAA answers say about DANE
  // The TLSA base domain whose answer decides (DANE-15): the first with secure records; without one, the last
  // that was asked. Empty: no TLSA question was asked.
  std::string base;
  // The answer for tlsa_name(25, base). It may be asked in an unsigned zone as well, where senders do not
  // (DANE-13); then only records count, and a failure means nothing. nullopt: not asked.
  std::optional<DnsAnswer> tlsa;
  std::vector<SeenChain> chains;  // one for each address with which TLS was negotiated
  // Whether the policy of the domain and the certificates that were seen let an MTA-STS sender deliver to
  // this host. nullopt: the domain has no policy, or it is not known.
  std::optional<bool> sts_accepts;
};

// TLSA records at a name at which no sender asks: "_443._tcp.mx.example.com", "_25._tcp.example.com".
struct StrayTlsa {
  std::string name;
  std::string host;  // the MX host that they may be meant for; empty: any of them
  std::vector<std::string> rdata;
};

struct DaneFacts {
  std::string domain;
  MxFinding mx;                      // what the answer to the MX question means
  std::string mx_alias;              // where the CNAMEs of the domain lead to; empty: it is not an alias
  std::vector<DaneHostFacts> hosts;  // by preference
  std::vector<StrayTlsa> strays;     // empty too if nobody looked for any
  bool resolver_validates = true;    // false: no answer says anything about DNSSEC
};

// The names of which the certificate must have one if a DANE-TA(2) record matches (DANE-19), for
// verify_dane(). Of facts only domain, mx and mx_alias are used.
std::vector<std::string> dane_names(const std::string& base, const DaneFacts& facts);

// now: for the dates of certificates. There is a step "dane" for each host; where the MX itself decides, only
// one, without a host.
Judgement judge_dane(const DaneFacts& facts, Time now);

}  // namespace mtasts
