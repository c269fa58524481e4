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

// Where the daemon's cache may lie: the configured folder alone, else the system's before the user's own.
std::vector<std::string> cache_folders(const CacheConfig& config);

// Opens the first folder that holds a cache. Fault::storage: names what was tried, and the remedy.
Result<std::unique_ptr<LmdbCache>> open_cache(const CacheConfig& config, const Clock& clock);

// Whether the clock can be trusted, by what the cache remembers, as a daemon that starts now would judge it.
// nullopt: the cache does not say.
std::optional<ClockBelief> belief_by(LmdbCache& cache);

}  // namespace mtasts
