// judge_submission - judges the servers to which a domain's users hand in their mail, where SRV records name
// them (RFC 6186, RFC 8314). Pure. Mail from other domains does not depend on them.
#pragma once

#include <string>
#include <vector>

#include "core/time.hpp"
#include "diagnose/checking.hpp"
#include "diagnose/judge_smtp.hpp"

namespace mtasts {

struct SubmissionServer {
  SmtpHostFacts server;   // without a mode, and without DANE
  std::string failure{};  // why a lookup of its addresses failed; printable; empty: none did
};

struct SubmissionFacts {
  // Why it is not known, or not for both services, which servers there are; empty: it is.
  std::string failure = "no answer in time";
  std::vector<SubmissionServer> servers{};
  std::size_t left_out = 0;  // servers that SRV records name, but that were not asked
  unsigned warn_days = 14;   // as in SmtpFacts
};

// One step "submission" for each server, judged as by judge_smtp(). Without servers there is a single step:
// not asked, or unknown if the lookup failed. Servers that were left out have a step, not asked.
Judgement judge_submission(const SubmissionFacts& facts, Time now);

}  // namespace mtasts
