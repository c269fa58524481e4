#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "tests/unit/cache/raw.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

mode_t rights(const std::string& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

std::string refusal(const CacheOptions& options) {
  HandClock clock;
  auto cache = LmdbCache::open(options, clock);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().fault == Fault::storage);
  return cache.error().detail;
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

// For tests of what root is always allowed: as root, they run as nobody.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) changed_ = setegid(65534) == 0 && seteuid(65534) == 0;
  }
  ~AsNobody() {
    if (changed_) done_ = seteuid(0) == 0 && setegid(0) == 0;
  }

 private:
  bool changed_ = false, done_ = false;
};

}  // namespace

TEST_CASE("LMDB-13, LMDB-24: permissions of the folder and its files, whatever the umask", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto before = umask(077);
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  umask(before);
  REQUIRE(cache);
  CHECK(rights(folder.cache()) == 02750);
  CHECK(rights(folder.file("data.mdb")) == 0640);
  CHECK(rights(folder.file("lock.mdb")) == 0660);
  CHECK(read_file(folder.file("daemon.lock")).find("\nopen\n") != std::string::npos);
  cache->reset();
  CHECK(read_file(folder.file("daemon.lock")).find("\nstopped ") != std::string::npos);
}

TEST_CASE("The folder is made with its parents", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.path() + "/a/b/c/"}, clock);
  INFO((cache ? "" : cache.error().detail));
  CHECK(cache);
}

TEST_CASE("LMDB-20: the map is reserved, the file is not", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  CHECK((*cache)->stats()->file_bytes < 1 << 20);
}

TEST_CASE("One process writes, and it opens the cache once", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto first = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(first);
  auto second = refusal({.path = folder.cache()});
  CHECK(says(second, folder.cache()));
  CHECK(says(second, "another mtastsd (process " + std::to_string(getpid()) + ")"));
  // LMDB-9: even a reader would have to share the same environment.
  CHECK(says(refusal({.path = folder.cache(), .read_only = true}), "already open in this process"));
  first->reset();
  CHECK(LmdbCache::open({.path = folder.cache()}, clock));
}

TEST_CASE("LMDB-23: a reader makes nothing", "[cache]") {
  TempFolder folder;
  CHECK(says(refusal({.path = folder.cache(), .read_only = true}), "no such folder"));
  CHECK_FALSE(std::filesystem::exists(folder.cache()));
  std::filesystem::create_directory(folder.cache());
  CHECK(says(refusal({.path = folder.cache(), .read_only = true}), "data.mdb is missing"));
  CHECK(std::filesystem::is_empty(folder.cache()));

  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  std::filesystem::remove(folder.file("lock.mdb"));
  CHECK(says(refusal({.path = folder.cache(), .read_only = true}), "lock.mdb is missing"));
  CHECK_FALSE(std::filesystem::exists(folder.file("lock.mdb")));
}

TEST_CASE("A cache opened for reading reads and does not write", "[cache]") {
  TempFolder folder;
  HandClock clock;
  {
    auto cache = LmdbCache::open({.path = folder.cache()}, clock);
    REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
  }
  auto cache = LmdbCache::open({.path = folder.cache(), .read_only = true}, clock);
  REQUIRE(cache);
  auto reader = (*cache)->reader();
  REQUIRE(reader);
  CHECK((*reader)->find(name("good.example"))->has_value());
  (*reader)->note_use(name("good.example"), clock.day() + 1);
  (*reader)->release();
  CHECK((*cache)->stats()->policies == 1);
  CHECK((*cache)->store().due(clock.now() + std::chrono::days(2), 5, 0).size() == 1);
  CHECK_FALSE(put(**cache, name("x.example"), negative_record(clock.now())));
  CHECK_FALSE((*cache)->erase(name("good.example")));
}

TEST_CASE("The error for a folder that may not be written names its owner", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  if (geteuid() == 0) REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  ::chmod(folder.cache().c_str(), geteuid() == 0 ? 0755 : 0555);
  {
    AsNobody nobody;
    auto why = refusal({.path = folder.cache()});
    CHECK(says(why, "belongs to"));
    CHECK(says(why, "[cache] path"));
  }
  ::chmod(folder.cache().c_str(), 0755);
}

TEST_CASE("A parent that may not be written, or a path that is not a folder", "[cache]") {
  TempFolder folder;
  write_file(folder.cache(), "a file");
  CHECK(says(refusal({.path = folder.cache()}), "not a folder"));
  CHECK(says(refusal({.path = folder.cache() + "/below"}), folder.cache()));
  CHECK(says(refusal({.path = ""}), "[cache] path"));
  CHECK(says(refusal({.path = "/proc/mtasts"}), "/proc"));
}

TEST_CASE("LMDB-23: root leaves no file of its own in the owner's folder", "[cache]") {
  if (geteuid() != 0) SKIP("needs root");
  TempFolder folder;
  HandClock clock;
  std::filesystem::create_directory(folder.cache());
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(::chown(folder.cache().c_str(), 65534, 65534) == 0);
  for (bool read_only : {false, true}) {
    auto cache = LmdbCache::open({.path = folder.cache(), .read_only = read_only}, clock);
    INFO((cache ? "" : cache.error().detail));
    REQUIRE(cache);
    CHECK(geteuid() == 0);
    CHECK(getegid() == getgid());
    if (!read_only) CHECK(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
    for (const auto& entry : std::filesystem::directory_iterator(folder.cache())) {
      struct stat info{};
      REQUIRE(::stat(entry.path().c_str(), &info) == 0);
      INFO(entry.path().string());
      CHECK(info.st_uid == 65534);
    }
  }
}

TEST_CASE("An LMDB file of another program is refused and not changed", "[cache]") {
  TempFolder folder;
  std::filesystem::create_directory(folder.cache());
  raw::make_foreign(folder.cache());
  auto before = read_file(folder.file("data.mdb"));
  CHECK(says(refusal({.path = folder.cache()}), "another program's LMDB file"));
  CHECK(read_file(folder.file("data.mdb")) == before);
  CHECK(files_like(folder.cache(), "data.mdb").size() == 1);
}
