// problems_now - lists what is wrong with the running daemon now. While any of it lasts, `status` exits 1 and
// the log repeats it once a minute. Trouble with DNS, DNSSEC and Postfix's resolvers is not in this list; it
// is part of Health (resolver/health.hpp).
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
  std::string code;  // stable, for programs; for example "commits-fail"
  std::string text;  // one sentence for people, with the cause and the remedy
};

// file_digest: digest_now(file); nullopt if the file can't be read. now: the time of day. steady_now: the
// same moment on the steady clock, which the shortages are timed by.
std::vector<Problem> problems_now(const CacheCondition& cache, const Shortages& shortages,
                                  const ConfigFile& file, const std::optional<std::string>& file_digest,
                                  const ClockBelief& clock, Time now, Shortages::Moment steady_now);

}  // namespace mtasts
