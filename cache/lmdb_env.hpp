// lmdb_env - opens LMDB on the cache's folder, within the limits of this process.
#pragma once

#include <cstdint>
#include <string>

#include "cache/handles.hpp"

namespace mtasts::cache {

// Of address space, in octets. A limit (ulimit -v) may leave no room for what is wanted: then half of it will
// do, and so on down to the least. wanted = 0, for a reader: what the file says.
struct MapSize {
  std::uint64_t wanted = 0, least = 0;
};

// 0 or LMDB's code; env then holds what was opened, or what has to be closed. log: outlives env.
int open_lmdb(Env& env, const std::string& folder, unsigned flags, MapSize map, const CacheLog& log);

}  // namespace mtasts::cache
