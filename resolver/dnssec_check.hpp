// dnssec_check - does DNSSEC validation work on this host? Asks for the root's own keys (UB-3) and for the
// proof that a name does not exist, and says, in words an administrator can act on, what is wrong if not.
//
// The proof of absence is asked for because some resolvers pass on the signatures of what exists, but strip
// those of what does not. Every unsigned domain is bogus through them: the proof that it has no DS is
// missing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/dns_answer.hpp"
#include "core/time.hpp"
#include "ports/clock.hpp"
#include "ports/dns.hpp"

namespace mtasts {

struct TrustAnchor {
  std::string file;                 // for messages
  std::vector<std::uint16_t> tags;  // of the root's keys in it (core/dnskey.hpp)
};

struct DnssecCheck {
  enum class Outcome : std::uint8_t {
    works,
    broken,     // what is answered is bogus, or stripped of DNSSEC
    no_answer,  // nothing that says anything about DNSSEC: a timeout, a refusal, no Dns at all
  };
  Outcome outcome = Outcome::no_answer;
  std::string detail;         // why not; while it works: a warning, or nothing
  bool blames_clock = false;  // broken: the root's signatures are expired, or not valid yet
  bool works() const noexcept { return outcome == Outcome::works; }
};

// answer: to "." DNSKEY, from a Dns that validates by this anchor. Pure.
DnssecCheck judge_root_keys(const DnsAnswer& answer, const TrustAnchor& anchor, Time now);

// answer: to the DS of a name below the root that does not exist, from the same Dns. Pure.
DnssecCheck judge_absence(const DnsAnswer& answer);

// A single random label: no top-level domain has it, and no resolver has it in its cache.
std::string absent_name();

// Asks both and judges. dns should be new: out of its cache it would go on working for two days. clock
// outlives this.
boost::asio::awaitable<DnssecCheck> check_dnssec(std::shared_ptr<Dns> dns, TrustAnchor anchor,
                                                 const Clock& clock);

// Does dns answer at all? Asks for the root's name servers, for a Dns that does not validate. Never broken.
boost::asio::awaitable<DnssecCheck> answers_at_all(std::shared_ptr<Dns> dns);

}  // namespace mtasts
