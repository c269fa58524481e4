// dnssec_check - does DNSSEC validation work on this host? Asks for the root's own keys (UB-3) and for the
// proof that a name does not exist, and if it does not work, says what is wrong in words that an
// administrator can act on.
//
// It asks for the proof of absence because some resolvers pass on the signatures of records that exist, but
// strip those that prove an absence. Through them every unsigned domain is bogus, because the proof that it
// has no DS is missing.
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
    broken,     // the answers are bogus, or stripped of DNSSEC
    no_answer,  // no answer that says anything about DNSSEC: a timeout, a refusal, no Dns at all
  };
  Outcome outcome = Outcome::no_answer;
  std::string detail;         // why it does not work; if it works: a warning, or empty
  bool blames_clock = false;  // broken: the root's signatures are expired, or not valid yet
  bool works() const noexcept { return outcome == Outcome::works; }
};

// Judges the answer to ". DNSKEY" from a Dns that validates by this anchor. Pure.
DnssecCheck judge_root_keys(const DnsAnswer& answer, const TrustAnchor& anchor, Time now);

// Judges the answer to the DS question for a name below the root that does not exist, from the same Dns.
// Pure.
DnssecCheck judge_absence(const DnsAnswer& answer);

// A name of one random label: no top-level domain has it, and no resolver has it in its cache.
std::string absent_name();

// Asks both questions and judges the answers. dns should be new: one that has the root's keys in its cache
// seems to work for two days. clock must outlive the coroutine.
boost::asio::awaitable<DnssecCheck> check_dnssec(std::shared_ptr<Dns> dns, TrustAnchor anchor,
                                                 const Clock& clock);

// Does dns answer at all? For a Dns that does not validate. Asks for the root's name servers. The outcome is
// never broken.
boost::asio::awaitable<DnssecCheck> answers_at_all(std::shared_ptr<Dns> dns);

}  // namespace mtasts
