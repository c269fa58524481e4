#include "cli/open_cache.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "sys/watched_clock.hpp"

namespace mtasts {
namespace {

constexpr std::string_view system_folder = "/var/lib/mtastsd";

// True also if this user may not look into the folder: opening the cache then says why.
bool may_hold_a_cache(const std::string& folder) noexcept {
  struct stat status{};
  return stat((folder + "/data.mdb").c_str(), &status) == 0 || errno == EACCES;
}

}  // namespace

std::vector<std::string> cache_folders(const CacheConfig& config) {
  std::vector<std::string> folders;
  if (!config.path_configured && config.path != system_folder) folders.emplace_back(system_folder);
  folders.push_back(config.path);
  return folders;
}

Result<std::unique_ptr<LmdbCache>> open_cache(const CacheConfig& config, const Clock& clock) {
  auto folders = cache_folders(config);
  auto folder = std::ranges::find_if(folders, may_hold_a_cache);
  if (folder == folders.end())
    return fail(Fault::storage,
                fmt::format("there is no cache in {}; start mtastsd once, or name the daemon's configuration "
                            "with --config FILE",
                            fmt::join(folders, " nor in ")));
  CacheOptions options;
  options.path = *folder;
  options.max_size = config.max_size;
  options.read_only = true;
  return LmdbCache::open(std::move(options), clock);
}

std::optional<ClockBelief> belief_by(LmdbCache& cache) {
  auto past = cache.clock_past();
  if (!past) return std::nullopt;
  return first_belief(read_clocks(), boot_id(), *past);
}

}  // namespace mtasts
