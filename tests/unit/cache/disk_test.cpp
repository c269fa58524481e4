// A disk that is frozen or read-only, and a lock.mdb in memory that others do not see: requests are still
// answered, or the cause is reported.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <filesystem>
#include <future>

#include "cache/folder.hpp"
#include "cache/store_thread.hpp"
#include "tests/unit/cache/filled.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;
using namespace std::chrono_literals;

namespace {

// A file system of its own in a file, which not every system allows.
class LoopDisk {
 public:
  LoopDisk() {
    auto image = folder_.path() + "/image";
    mounted_ = ::geteuid() == 0 && run("truncate -s 32M " + image) && run("mkfs.ext4 -q " + image) &&
               std::filesystem::create_directory(path()) && run("mount -o loop " + image + " " + path());
  }
  ~LoopDisk() {
    if (mounted_) run("umount " + path());
  }
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  bool mounted() const noexcept { return mounted_; }
  std::string path() const { return folder_.path() + "/disk"; }
  std::string cache() const { return path() + "/cache"; }
  bool read_only() { return run("mount -o remount,ro " + path()); }
  bool freeze(bool on) {
    Fd fd(::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && ::ioctl(fd.get(), on ? FIFREEZE : FITHAW, 0) == 0;
  }

 private:
  static bool run(const std::string& command) { return std::system((command + " 2>/dev/null").c_str()) == 0; }
  TempFolder folder_;
  bool mounted_ = false;
};

void drop_memory(const std::string& cache) {
  std::error_code ignored;
  auto link = std::filesystem::read_symlink(cache + "/lock.mdb", ignored);
  if (!link.empty()) std::filesystem::remove_all(link.parent_path(), ignored);
}

}  // namespace

TEST_CASE("Answers go on while the cache's disk is frozen", "[cache][disk]") {
  LoopDisk disk;
  if (!disk.mounted()) SKIP("no loop device, or not root");
  HandClock clock;
  {
    auto cache = LmdbCache::open({.path = disk.cache()}, clock);
    INFO((cache ? "" : cache.error().detail));
    REQUIRE(cache);
    REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
    auto reader = *(*cache)->reader();
    CHECK(reader->find(name("good.example"))->has_value());
    reader->release();
    REQUIRE(disk.freeze(true));
    // A read that hangs could not be ended in a child either. On a thread it is at least noticed.
    auto answered = std::async(std::launch::async, [&] {
      for (int i = 0; i < 1000; ++i) {
        ReadGuard guard(*reader);
        if (!reader->find(name("good.example"))->has_value()) return false;
      }
      auto second = (*cache)->reader();  // takes a slot of its own
      return second && (*second)->find(name("good.example"))->has_value();
    });
    bool in_time = answered.wait_for(10s) == std::future_status::ready;
    REQUIRE(disk.freeze(false));
    CHECK(in_time);
    CHECK(answered.get());
    CHECK(put(**cache, name("new.example"), policy_record(Mode::enforce, clock.now())));
  }
  drop_memory(disk.cache());
}

TEST_CASE("A cache on a disk that is mounted read-only is read", "[cache][disk]") {
  LoopDisk disk;
  if (!disk.mounted()) SKIP("no loop device, or not root");
  HandClock clock;
  LogLines log;
  {
    auto cache = LmdbCache::open({.path = disk.cache()}, clock);
    REQUIRE(cache);
    REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
  }
  REQUIRE(disk.read_only());
  {
    auto cache = LmdbCache::open({.path = disk.cache(), .log = log.sink()}, clock);
    INFO((cache ? "" : cache.error().detail));
    REQUIRE(cache);
    CHECK((*(*cache)->reader())->find(name("good.example"))->has_value());
    CHECK((*cache)->condition().read_only);
    CHECK_FALSE((*cache)->condition().well());
    CHECK(log.has(2, "opened for reading only"));
    auto stored = put(**cache, name("new.example"), policy_record(Mode::enforce, clock.now()));
    REQUIRE_FALSE(stored);
    CHECK(stored.error().detail.find("reading only") != std::string::npos);
  }
  drop_memory(disk.cache());
}

TEST_CASE("On a read-only disk a short file, and a cache without daemon.lock, are read", "[cache][disk]") {
  LoopDisk disk;
  if (!disk.mounted()) SKIP("no loop device, or not root");
  bool with_lock = GENERATE(true, false);
  INFO((with_lock ? "with daemon.lock" : "without daemon.lock"));
  HandClock clock;
  LogLines log;
  REQUIRE(put(**LmdbCache::open({.path = disk.cache()}, clock), name("good.example"),
              policy_record(Mode::enforce, clock.now())));
  auto bytes = read_file(disk.cache() + "/data.mdb");
  set_last_page(bytes, 3);  // as if a transaction had taken pages at the end and freed them again
  write_file(disk.cache() + "/data.mdb", bytes);
  if (!with_lock) std::filesystem::remove(disk.cache() + "/daemon.lock");
  REQUIRE(disk.read_only());
  {
    auto cache = LmdbCache::open({.path = disk.cache(), .log = log.sink()}, clock);
    INFO((cache ? "" : cache.error().detail));
    REQUIRE(cache);
    CHECK((*cache)->condition().read_only);
    CHECK((*(*cache)->reader())->find(name("good.example"))->has_value());
  }
  auto reading = LmdbCache::open({.path = disk.cache(), .read_only = true}, clock);
  INFO((reading ? "" : reading.error().detail));
  REQUIRE(reading);
  CHECK((*reading)->stats()->policies == 1);
  reading->reset();
  drop_memory(disk.cache());
}

TEST_CASE("A reader that sees another lock.mdb than the writer refuses to open", "[cache]") {
  TempFolder folder;
  HandClock clock;
  Child writer({"put", folder.cache(), "good.example"});
  REQUIRE(writer.line() == "ready");
  auto reading = [&] { return LmdbCache::open({.path = folder.cache(), .read_only = true}, clock); };
  CHECK(reading());
  auto link = std::filesystem::read_symlink(folder.file("lock.mdb"));
  std::filesystem::remove(folder.file("lock.mdb"));
  write_file(folder.file("lock.mdb"), "");
  auto other = reading();
  REQUIRE_FALSE(other);
  CHECK(other.error().detail.find("another lock.mdb") != std::string::npos);
  std::filesystem::remove(folder.file("lock.mdb"));
  std::filesystem::create_symlink("/nowhere/mtastsd-x/lock.mdb", folder.file("lock.mdb"));
  auto none = reading();
  REQUIRE_FALSE(none);
  CHECK(none.error().detail.find("memory file system") != std::string::npos);
  std::filesystem::remove(folder.file("lock.mdb"));
  std::filesystem::create_symlink(link, folder.file("lock.mdb"));
  CHECK(reading());
  writer.say("");
  writer.wait();
}

TEST_CASE("After a reboot the lock.mdb in memory is gone", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  drop_memory(folder.cache());
  {
    auto reading = LmdbCache::open({.path = folder.cache(), .read_only = true}, clock);
    INFO((reading ? "" : reading.error().detail));
    CHECK(reading);
  }
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  CHECK(std::filesystem::exists(folder.file("lock.mdb")));
}

TEST_CASE("A folder that is removed or replaced under the writer is noticed", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  CHECK((*cache)->condition().well());
  std::filesystem::rename(folder.file("data.mdb"), folder.file("moved"));
  REQUIRE((*cache)->condition().folder_gone);
  CHECK((*cache)->condition().folder_gone->why.find("removed") != std::string::npos);
  write_file(folder.file("data.mdb"), "another");
  CHECK((*cache)->condition().folder_gone);
}

TEST_CASE("LMDB's table of readers is parsed", "[cache]") {
  auto slots = cache::parse_readers(
      "    pid     thread     txnid\n   4711 7f0011223344 17\n     12 aa -\n     13 bb 18\n\n", 18);
  REQUIRE(slots.size() == 1);
  CHECK(slots[0].pid == 4711);
  CHECK(slots[0].txn == 17);
  CHECK(cache::parse_readers("(no active readers)\n", 5).empty());
}

TEST_CASE("A failed write of LMDB's meta page is reported once, because only a restart helps", "[cache]") {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  std::atomic<int> panics = 0;
  {
    auto cache =
        LmdbCache::open({.path = folder.cache(), .on_panic = [&] { ++panics; }, .log = log.sink()}, clock);
    REQUIRE(cache);
    REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
    // LMDB writes its meta pages through a separate descriptor.
    auto file = std::filesystem::canonical(folder.file("data.mdb")).string();
    int meta = -1;
    for (int fd = 3; fd < 256; ++fd) {
      std::error_code none;
      bool same = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none) == file;
      if (same && (::fcntl(fd, F_GETFL) & O_DSYNC)) meta = fd;
    }
    REQUIRE(meta >= 0);
    Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(::dup2(full.get(), meta) == meta);
    CHECK_FALSE(put(**cache, name("new.example"), policy_record(Mode::enforce, clock.now())));
    CHECK_FALSE(put(**cache, name("other.example"), policy_record(Mode::enforce, clock.now())));
    CHECK(panics == 1);
    CHECK((*cache)->condition().must_restart);
    CHECK((*cache)->condition().commits_fail);
    CHECK(log.count(2, "has refused all work since then") == 1);
  }
  // The next start checks the file, and goes on.
  CHECK(read_file(folder.file("daemon.lock")).find("\ncheck\n") != std::string::npos);
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  CHECK((*(*cache)->reader())->find(name("good.example"))->has_value());
  CHECK(files_like(folder.cache(), "data.mdb.bad-").empty());
}
