#include "cache/file_size.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "cache/handles.hpp"

namespace mtasts::cache {

std::uint64_t size_of_file(const std::string& path) noexcept {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

SizeCheck check_size(MDB_env* env) noexcept {
  MDB_envinfo info{};
  MDB_stat stat{};
  struct stat file{};
  int fd = -1;
  if (int rc = mdb_env_info(env, &info)) return {.rc = rc};
  if (int rc = mdb_env_stat(env, &stat)) return {.rc = rc};
  if (int rc = mdb_env_get_fd(env, &fd)) return {.rc = rc};
  if (::fstat(fd, &file) != 0) return {.rc = errno};
  std::uint64_t size = static_cast<std::uint64_t>(file.st_size), page = stat.ms_psize;
  // There are two meta pages, and no more pages than fit the map. This also keeps the product below from
  // overflowing.
  if (size < 2 * page || info.me_last_pgno >= info.me_mapsize / page) return {.rc = MDB_CORRUPTED};
  auto wanted = (std::uint64_t{info.me_last_pgno} + 1) * page;
  if (size >= wanted) return {};
  // LMDB writes whole pages, so something else has cut the file off here.
  if (size % page != 0) return {.rc = MDB_CORRUPTED};
  return {.wanted = wanted};
}

int grow_file(int fd, std::uint64_t size) noexcept {
  struct stat file{};
  if (::fstat(fd, &file) != 0) return errno;
  if (static_cast<std::uint64_t>(file.st_size) >= size) return 0;
  return ::ftruncate(fd, static_cast<off_t>(size)) == 0 ? 0 : errno;
}

int grow_file(const std::string& path, std::uint64_t size) noexcept {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd ? grow_file(fd.get(), size) : errno;
}

}  // namespace mtasts::cache
