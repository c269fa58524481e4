#include "cache/handles.hpp"

#include <cerrno>

namespace mtasts::cache {

bool damaged(int rc) noexcept {
  switch (rc) {
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_PANIC:
    case MDB_VERSION_MISMATCH:
    case MDB_PAGE_NOTFOUND:
    case MDB_CURSOR_FULL:  // deeper than a tree can be: its pages form a loop
    case MDB_INCOMPATIBLE: return true;
    default: return false;
  }
}

static std::string_view remedy(int rc) noexcept {
  switch (rc) {
    case ENOSPC:
    case EDQUOT: return "; free some space on that file system";
    case EROFS: return "; the file system is mounted read-only";
    case EFBIG: return "; raise the limit on file sizes (ulimit -f, LimitFSIZE=)";
    case ENOMEM:
      return "; the cache reserves 64 GiB of address space: remove the limit (ulimit -v, LimitAS=)";
    // LMDB also returns this after a write that was cut short.
    case EIO:
      return "; the disk, or a limit on file sizes, may be full; if not, look for disk errors in the "
             "kernel's log";
    case MDB_MAP_FULL:
      return "; the reserved address space is used up: raise [cache] max_size and restart mtastsd";
    case MDB_READERS_FULL: return "; all reader slots are taken: end some mtastsctl processes";
    default: break;
  }
  return damaged(rc) ? "; restart mtastsd: it then checks the file and mends it" : "";
}

Error storage_error(std::string_view path, std::string_view doing, int rc) {
  std::string line = "cache ";
  line.append(path).append(": ").append(doing).append(": ").append(mdb_strerror(rc)).append(remedy(rc));
  return {Fault::storage, std::move(line)};
}

}  // namespace mtasts::cache
