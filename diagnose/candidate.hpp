// candidate - judges a policy that need not be published against a domain's live MX hosts, by the rules of
// check. Pure.
//
// The sender is one that knows MTA-STS alone: DANE helps no host here, since many senders do not know it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "diagnose/judge_mx.hpp"
#include "diagnose/judge_smtp.hpp"

namespace mtasts {

// What a domain publishes already.
struct PublishedPolicy {
  std::string id;             // of its MTA-STS record
  std::optional<Mode> mode;   // of the policy that senders have; nullopt: there is none that is valid
  std::uint32_t max_age = 0;  // its, in seconds
};

// What the MX hosts of a domain are and showed, and what the domain publishes.
struct LiveHosts {
  MxFacts mx;                       // without a policy
  SmtpFacts smtp{};                 // without a policy and without DANE; each host of mx that has a host name
  std::vector<std::string> more{};  // further MX hosts, which were not looked at: there are too many
  std::optional<PublishedPolicy> published{};  // nullopt: there is no valid MTA-STS record
  std::optional<std::string> tlsrpt{};         // the text of the valid TLSRPT record; nullopt: there is none
  Time now{};                                  // when they were looked at
};

struct HostVerdict {
  std::string host;
  // Whether a sender delivers to the host while the policy is of mode enforce. nullopt: that could not be
  // learned from here.
  std::optional<bool> passes;
  // Why not, or why that is not known, in the words of check; names the host or all of them. Empty: it
  // passes.
  std::string reason{};
};

struct CandidateJudgement {
  Findings findings;               // about the mode that the policy has
  std::vector<HostVerdict> hosts;  // about mode enforce; each live MX host
};

// Judges with judge_mx() and judge_smtp(). If live.mx has a failure or a null MX, there is no host.
CandidateJudgement judge_candidate(const LiveHosts& live, const PolicyFacts& policy);

// The policy that covers each live MX host by its own name. Names that no host can have are left out.
PolicyFacts policy_for(const LiveHosts& live, Mode mode);

// Whether each host passes: false if one fails, else nullopt if that is not known of one, or if there is
// none.
std::optional<bool> all_pass(const std::vector<HostVerdict>& hosts);

}  // namespace mtasts
