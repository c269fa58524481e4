#include "cache/lmdb_env.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cerrno>

#include "cache/file_size.hpp"
#include "cache/folder.hpp"

namespace mtasts::cache {
namespace {

constexpr unsigned max_readers = 2048;  // enough for 1024 workers, the store and many mtastsctl

bool exceeds_memory(std::uint64_t bytes) {
  struct sysinfo info{};
  return sysinfo(&info) == 0 && bytes > std::uint64_t{info.totalram} * info.mem_unit;
}

void on_lmdb_assert(MDB_env* env, const char* message) {
  auto* log = static_cast<const CacheLog*>(mdb_env_get_userctx(env));
  if (log != nullptr)
    log->error(std::string("cache: LMDB found its file inconsistent and ends this process: ") + message);
}

int open_env(Env& env, const std::string& folder, unsigned flags, std::uint64_t map_size,
             const CacheLog& log) {
  MDB_env* raw = nullptr;
  if (int rc = mdb_env_create(&raw)) return rc;
  env.reset(raw);
  mdb_env_set_userctx(raw, const_cast<CacheLog*>(&log));  // on_lmdb_assert() only reads it
  mdb_env_set_assert(raw, on_lmdb_assert);
  mdb_env_set_maxdbs(raw, 16);
  mdb_env_set_maxreaders(raw, max_readers);
  if (map_size != 0)
    if (int rc = mdb_env_set_mapsize(raw, map_size)) return rc;
  // NOTLS: a reader slot belongs to its transaction and not to a thread. So a thread may have several, and
  // another thread may have made them (LMDB-8).
  flags |= MDB_NOTLS;
  if (exceeds_memory(size_of_file(data_file(folder)))) flags |= MDB_NORDAHEAD;
  return mdb_env_open(raw, folder.c_str(), flags, data_mode);
}

}  // namespace

int open_lmdb(Env& env, const std::string& folder, unsigned flags, MapSize map, const CacheLog& log) {
  int rc = open_env(env, folder, flags, map.wanted, log);
  auto least = std::max({map.least, size_of_file(data_file(folder)), std::uint64_t{1}});
  for (auto size = map.wanted; rc == ENOMEM && size / 2 >= least;) {
    size /= 2;
    rc = open_env(env, folder, flags, size, log);
    if (rc == MDB_SUCCESS)
      log.warning("cache " + folder + ": only " + std::to_string(size >> 20) +
                  " MiB of address space could be reserved, because it is limited (ulimit -v, LimitAS=)");
  }
  return rc;
}

}  // namespace mtasts::cache
