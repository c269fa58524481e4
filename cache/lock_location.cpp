#include "cache/lock_location.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

#include "cache/folder.hpp"

namespace mtasts::cache {
namespace {

constexpr std::string_view prefix = "/mtastsd-", file_name = "/lock.mdb";

std::string target_of(const std::string& link) {
  std::array<char, 4096> text;
  auto size = ::readlink(link.c_str(), text.data(), text.size());
  return size > 0 && static_cast<std::size_t>(size) < text.size()
             ? std::string(text.data(), static_cast<std::size_t>(size))
             : std::string();
}

bool in_memory(const std::string& path) {
  constexpr std::uint32_t tmpfs = 0x01021994, ramfs = 0x858458f6;
  struct statfs info{};
  if (::statfs(path.c_str(), &info) != 0) return false;
  auto type = static_cast<std::uint32_t>(info.f_type);
  return type == tmpfs || type == ramfs;
}

// The folder that contains a link's target; empty: this code did not make the link.
std::string folder_of(const std::string& target) {
  if (!target.ends_with(file_name) || target.find(prefix) == std::string::npos) return {};
  return target.substr(0, target.size() - file_name.size());
}

// Whether the folder belongs to this user and nobody else can write to it, so that its files are ours too.
bool is_ours(const std::string& place) {
  struct stat info{};
  return !place.empty() && ::lstat(place.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Whether a process has the cache open with this lock.mdb: LMDB then holds a shared lock on its first octet.
bool in_use(const std::string& file) {
  Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return true;
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  whole.l_len = 1;
  return ::fcntl(fd.get(), F_OFD_SETLK, &whole) != 0;
}

// Makes the file and allocates its space. Without that, LMDB's first write into the map would raise SIGBUS if
// the memory file system were full. 0 or errno.
int reserve(const std::string& file) {
  constexpr off_t room = 256 * 1024;  // more than the table of readers takes
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, lock_mode));
  return fd ? ::posix_fallocate(fd.get(), 0, room) : errno;
}

void remove_place(const std::string& file, const std::string& place) noexcept {
  ::unlink(file.c_str());
  ::rmdir(place.c_str());
}

// Makes a lock.mdb in a new folder below `memory` and returns its path; empty if that failed, with errno set.
std::string new_place(const std::string& folder, const std::string& memory) {
  std::string place = memory + std::string(prefix) + "XXXXXX";
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0 || ::mkdtemp(place.data()) == nullptr) return {};
  std::string file = place + std::string(file_name);
  // The cache's group also reads it, so the new folder, and with it the file, gets that group.
  bool shared =
      ::chown(place.c_str(), uid_t(-1), info.st_gid) == 0 && ::chmod(place.c_str(), folder_mode) == 0;
  int error = shared ? reserve(file) : errno;
  if (error == 0) return file;
  remove_place(file, place);
  errno = error;
  return {};
}

}  // namespace

void drop_lock_file(const std::string& folder) noexcept {
  auto link = lock_file(folder);
  auto target = target_of(link);
  auto place = folder_of(target);
  ::unlink(link.c_str());
  if (!is_ours(place)) return;
  remove_place(target, place);
}

bool lock_file_is_trusted(const std::string& folder) noexcept try {
  auto link = lock_file(folder);
  struct stat info{}, data{}, around{};
  if (::lstat(link.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return true;
  auto place = folder_of(target_of(link));
  if (place.empty() || ::stat(data_file(folder).c_str(), &data) != 0) return false;
  return ::lstat(place.c_str(), &around) == 0 && S_ISDIR(around.st_mode) && around.st_uid == data.st_uid &&
         (around.st_mode & (S_IWGRP | S_IWOTH)) == 0;
} catch (const std::exception&) {  // no memory
  return false;
}

void put_lock_in_memory(const std::string& folder, const std::string& memory, const CacheLog& log) {
  auto link = lock_file(folder);
  struct stat info{};
  bool there = ::lstat(link.c_str(), &info) == 0;
  if (there && S_ISLNK(info.st_mode)) {
    auto place = folder_of(target_of(link));
    if (is_ours(place) && in_memory(place)) return;
  } else if (there && in_use(link)) {
    return;  // a reader uses it, so it stays until the next start
  }
  if (memory.empty() || !in_memory(memory)) {
    // A link whose target is missing would let nobody open the cache.
    if (there && S_ISLNK(info.st_mode)) ::unlink(link.c_str());
    return;
  }
  auto target = new_place(folder, memory);
  if (!target.empty()) {
    if (there) ::unlink(link.c_str());
    if (::symlink(target.c_str(), link.c_str()) == 0) return;
    int error = errno;
    remove_place(target, folder_of(target));
    errno = error;
  } else if (there && S_ISLNK(info.st_mode)) {
    int error = errno;
    ::unlink(link.c_str());  // its target is missing, which would let nobody open the cache
    errno = error;
  }
  log.warning("cache " + folder + ": lock.mdb can't be kept in memory (" + std::strerror(errno) +
              "); while the cache's file system is frozen, no request can be answered");
}

}  // namespace mtasts::cache
