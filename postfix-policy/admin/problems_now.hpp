// problems_now - what is wrong with the running daemon: `status` exits 1 and the log says it once a minute
// while any of it lasts. DNSSEC, DNS and Postfix's resolvers are told apart from these (resolver/health.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/condition.hpp"
#include "core/clock_belief.hpp"
#include "core/time.hpp"
#include "service/config_file.hpp"
#include "service/shortages.hpp"

namespace mtasts {

struct Problem {
  std::string code;  // one word for programs, as "commits-fail"
  std::string text;  // one sentence with its cause and remedy
};

// file_digest: of the configuration file as it is now; nullopt: it can't be read. steady_now: for the
// shortages.
std::vector<Problem> problems_now(const CacheCondition& cache, const Shortages& shortages,
                                  const ConfigFile& file, const std::optional<std::string>& file_digest,
                                  const ClockBelief& clock, Time now, Shortages::Moment steady_now);

}  // namespace mtasts
