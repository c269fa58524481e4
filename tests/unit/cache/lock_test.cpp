// daemon.lock: only the lock itself tells who writes, a reader holds it until LMDB knows the reader, and its
// text survives a power cut.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <filesystem>
#include <future>
#include <string_view>

#include "cache/folder.hpp"
#include "tests/unit/cache/filled.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

std::atomic<int> lock_syncs = 0;

bool is_open_on(int fd, const std::string& path) {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none) == path;
}

int descriptors_on(const std::string& path) {
  int count = 0;
  for (int fd = 3; fd < 256; ++fd) count += is_open_on(fd, path);
  return count;
}

}  // namespace

// Replaces the C library's function, to count calls. It must not allocate, because other tests make
// allocations fail.
extern "C" int fdatasync(int fd) {
  std::array<char, 64> link;
  std::array<char, 4096> path;
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  auto size = ::readlink(link.data(), path.data(), path.size());
  if (size > 0) lock_syncs += std::string_view(path.data(), std::size_t(size)).ends_with("/daemon.lock");
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

TEST_CASE("daemon.lock says on disk that the cache is open before anything is stored", "[cache]") {
  Filled t(1);
  auto before = lock_syncs.load();
  auto cache = t.open();
  CHECK(lock_syncs > before);
}

TEST_CASE("A writer waits for a reader, whatever process id daemon.lock names", "[cache]") {
  Filled t(1);
  auto path = t.folder.file("daemon.lock");
  write_file(path, std::to_string(::getpid()) +
                       "\nlock 1 2\nopen\n");  // as if that writer was killed, and its process id is now ours
  Fd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::flock(reader.get(), LOCK_SH) == 0);
  auto taken = std::async(std::launch::async, [&] { return cache::WriterLock::take(t.folder.cache()); });
  CHECK(soon([&] {
    return descriptors_on(path) == 2 || taken.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }));
  REQUIRE(::flock(reader.get(), LOCK_UN) == 0);
  auto lock = taken.get();
  INFO((lock ? "" : lock.error().detail));
  REQUIRE(lock);
  CHECK(lock->left() == cache::WriterLock::Left::unclean);
}

TEST_CASE("A reader holds daemon.lock until LMDB has locked lock.mdb", "[cache]") {
  Filled t(1);
  auto table = std::filesystem::canonical(t.folder.file("lock.mdb")).string();
  ::signal(SIGIO, SIG_IGN);
  // A lease: a process that opens the file waits until the lease is given back.
  Fd lease(::open(table.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(lease);
  if (::fcntl(lease.get(), F_SETLEASE, F_WRLCK) != 0) SKIP("no leases here");
  auto opened = std::async(std::launch::async, [&] {
    return LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock);
  });
  bool opens = soon([&] { return ::fcntl(lease.get(), F_GETLEASE) != F_WRLCK; });
  Fd writer(::open(t.folder.file("daemon.lock").c_str(), O_RDWR | O_CLOEXEC));
  bool kept_out = ::flock(writer.get(), LOCK_EX | LOCK_NB) != 0;
  ::fcntl(lease.get(), F_SETLEASE, F_UNLCK);
  auto cache = opened.get();
  INFO((cache ? "" : cache.error().detail));
  CHECK(opens);
  CHECK(kept_out);
  REQUIRE(cache);
  CHECK(::flock(writer.get(), LOCK_EX | LOCK_NB) == 0);  // and not longer
}
