// What needs a second process: durability, one writer, readers in other processes, a full disk.
#include <lmdb.h>
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>

#include "cache/handles.hpp"
#include "tests/unit/cache/raw.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

// The number of used slots in the table of readers. This process must not have the cache open elsewhere.
int readers_after_check(const std::string& folder) {
  MDB_env* raw = nullptr;
  REQUIRE(mdb_env_create(&raw) == 0);
  cache::Env env(raw);
  REQUIRE(mdb_env_open(raw, folder.c_str(), MDB_RDONLY | MDB_NOTLS, 0600) == 0);
  int slots = 0;
  mdb_reader_list(
      raw,
      [](const char* line, void* count) {
        // "    pid     thread     txnid\n", then one line for each slot; or "(no active readers)".
        *static_cast<int*>(count) +=
            line[0] == ' ' && std::string_view(line).find("pid") == std::string_view::npos;
        return 0;
      },
      &slots);
  return slots;
}

}  // namespace

TEST_CASE("LMDB-11: everything reported as stored survives kill -9 of the writer", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto lines = GENERATE(1, 7, 150);
  int last = -1;
  {
    Child writer({"write", folder.cache()});
    REQUIRE(writer.line() == "ready");
    for (int n = 0; n < lines; ++n) last = std::stoi(writer.line());
    writer.kill(SIGKILL);
    for (auto line = writer.line(); !line.empty(); line = writer.line()) last = std::stoi(line);
    CHECK(writer.wait() == 128 + SIGKILL);
  }
  LogLines log;
  auto cache = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
  REQUIRE(cache);
  CHECK(log.has(1, "did not stop in order"));
  for (int n = 0; n <= last; ++n) {
    auto record = (*cache)->store().get(numbered("stored", n));
    INFO(n);
    REQUIRE(record);
    REQUIRE(*record);
    CHECK((*record)->policy->mode == Mode::enforce);
  }
  CHECK(files_like(folder.cache(), "data.mdb.bad").empty());
}

TEST_CASE("A second writing process is refused and told which process writes", "[cache]") {
  TempFolder folder;
  HandClock clock;
  Child writer({"put", folder.cache(), "good.example"});
  REQUIRE(writer.line() == "ready");
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().detail.find("another mtastsd (process ") != std::string::npos);
  CHECK(cache.error().detail.find(folder.cache()) != std::string::npos);
  auto reading = LmdbCache::open({.path = folder.cache(), .read_only = true}, clock);
  REQUIRE(reading);
  CHECK((*reading)->stats()->policies == 1);
  reading->reset();
  writer.say("end");
  CHECK(writer.wait() == 0);
  CHECK(LmdbCache::open({.path = folder.cache()}, clock));
}

TEST_CASE("A reader in another process sees commits as they come", "[cache]") {
  TempFolder folder;
  HandClock clock;
  auto cache = LmdbCache::open({.path = folder.cache()}, clock);
  REQUIRE(cache);
  Child reader({"read", folder.cache()});
  REQUIRE(reader.line() == "ready");
  auto ask = [&](const std::string& domain) {
    reader.say(domain);
    return reader.line();
  };
  CHECK(ask("good.example") == "none");
  REQUIRE(put(**cache, name("good.example"), negative_record(clock.now())));
  CHECK(ask("good.example") == "negative");
  REQUIRE(put(**cache, name("good.example"), policy_record(Mode::enforce, clock.now())));
  CHECK(ask("good.example") == "policy");
  REQUIRE((*cache)->erase(name("good.example")));
  CHECK(ask("good.example") == "none");
}

TEST_CASE("LMDB-7: the slot of a killed reader is cleared at the next open", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  {
    Child reader({"read", folder.cache()});
    REQUIRE(reader.line() == "ready");
    reader.say("hold");
    REQUIRE(reader.line() == "none");
    Child other({"read", folder.cache()});  // keeps LMDB from clearing the lock file
    REQUIRE(other.line() == "ready");
    reader.kill(SIGKILL);
    reader.wait();
    auto before = readers_after_check(folder.cache());
    REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
    CHECK(readers_after_check(folder.cache()) < before);
  }
}

TEST_CASE("LMDB-4: a reader follows a map that another process made larger", "[cache]") {
  TempFolder folder;
  HandClock clock;
  std::filesystem::create_directory(folder.cache());
  raw::make_with_map(folder.cache(), 256 * 1024);
  auto cache = LmdbCache::open({.path = folder.cache(), .read_only = true}, clock);
  REQUIRE(cache);
  auto reader = (*cache)->reader();
  REQUIRE(reader);
  CHECK_FALSE((*reader)->find(name("d0.example"))->has_value());
  (*reader)->release();

  std::vector<std::string> arguments{"put", folder.cache()};
  for (int n = 0; n < 2000; ++n) arguments.push_back("d" + std::to_string(n) + ".example");
  Child writer(arguments);
  REQUIRE(writer.line() == "ready");
  auto found = (*reader)->find(name("d1999.example"));
  INFO((found ? "" : found.error().detail));
  REQUIRE(found);
  CHECK(found->has_value());
  // While a view is open the map must not move: the others get an error, and succeed afterwards.
  (*reader)->release();
  CHECK((*cache)->stats()->policies == 2000);
}

TEST_CASE("A full disk is an error with its cause; nothing stored before is lost", "[cache]") {
  TempFolder folder;
  Child child({"fill", folder.cache()});
  auto failed = child.line();
  INFO(failed);
  CHECK(failed.starts_with("failed cache " + folder.cache()));
  CHECK(failed.find("limit on file sizes") != std::string::npos);
  CHECK(child.line() == "stored");
  CHECK(child.line() == "kept");
  CHECK(child.wait() == 0);
}
