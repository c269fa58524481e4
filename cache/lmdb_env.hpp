// lmdb_env - opens LMDB in the cache's folder, within the limits of this process.
#pragma once

#include <cstdint>
#include <string>

#include "cache/handles.hpp"

namespace mtasts::cache {

// How much address space to reserve, in octets. If a limit (ulimit -v) leaves no room for `wanted`,
// open_lmdb() tries half of it, and so on, down to `least`. wanted = 0, for a reader: the size that the file
// names.
struct MapSize {
  std::uint64_t wanted = 0, least = 0;
};

// 0 or LMDB's code. After a failure the caller must reset env, which may hold a handle that is not open. log
// must outlive env, or be replaced with mdb_env_set_userctx().
int open_lmdb(Env& env, const std::string& folder, unsigned flags, MapSize map, const CacheLog& log);

}  // namespace mtasts::cache
