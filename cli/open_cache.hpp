// open_cache - finds the cache of the daemon and opens it for reading, also while the daemon is down.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/lmdb_cache.hpp"
#include "conf/config.hpp"
#include "ports/clock.hpp"

namespace mtasts {

// The folders in which the daemon's cache may be: the configured one, else the system's and then the user's
// own.
std::vector<std::string> cache_folders(const CacheConfig& config);

// Opens the cache in the first folder that has one. Fault::storage: detail names what was tried and the
// remedy.
Result<std::unique_ptr<LmdbCache>> open_cache(const CacheConfig& config, const Clock& clock);

// Whether the clock is certain, judged from what the cache remembers, as a daemon that starts now would judge
// it. nullopt: the cache does not say.
std::optional<ClockBelief> belief_by(LmdbCache& cache);

}  // namespace mtasts
