// Damaged files (LMDB-18, LMDB-21) are kept, never deleted, and kill no process; what is intact in them is
// copied to the new file.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "cache/file_check.hpp"
#include "cache/folder.hpp"
#include "tests/unit/cache/damages.hpp"
#include "tests/unit/cache/filled.hpp"
#include "tests/unit/cache/raw.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;
using namespace std::chrono_literals;

TEST_CASE("A truncated file is kept, and a new one begins with what is left", "[cache]") {
  Filled t;
  std::size_t whole = t.intact.size();
  auto size = GENERATE_COPY(whole - 1, whole / 2, std::size_t{8192}, std::size_t{8191}, std::size_t{4096},
                            std::size_t{100}, std::size_t{1});
  INFO(size);
  auto cut = t.intact.substr(0, size);
  t.damage(cut);
  auto cache = t.open();
  if (size <= 8192) CHECK(cache->stats()->policies == 0);
  REQUIRE(t.aside().size() == 1);
  CHECK(t.aside()[0] == "data.mdb.bad-20270115T080000Z");
  CHECK(read_file(t.folder.file(t.aside()[0])) == cut);
  CHECK(t.log.has(2, "data.mdb was damaged"));
  CHECK(t.log.has(2, t.aside()[0]));
  CHECK(cache->condition().set_aside == t.folder.file(t.aside()[0]));
  REQUIRE(put(*cache, name("new.example"), policy_record(Mode::enforce, t.clock.now())));
  auto policies = cache->stats()->policies;
  cache.reset();
  CHECK(t.open()->stats()->policies == policies);
  INFO(t.log.all());
  CHECK(t.aside().size() == 1);
}

TEST_CASE("A truncated file is an error for a reader, which changes nothing", "[cache]") {
  Filled t;
  t.damage(t.intact.substr(0, t.intact.size() / 2));
  auto cache = LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().fault == Fault::storage);
  CHECK(t.aside().empty());
}

TEST_CASE("A data.mdb that is something else is kept beside a new file", "[cache]") {
  Filled t;
  std::mt19937 random(7);
  std::string noise(100'000, '\0');
  for (auto& c : noise) c = static_cast<char>(random());
  t.damage(noise);
  CHECK(t.open()->stats()->policies == 0);
  REQUIRE(t.aside().size() == 1);
  CHECK(read_file(t.folder.file(t.aside()[0])) == noise);
}

TEST_CASE("An empty data.mdb is a beginning, not damage", "[cache]") {
  Filled t;
  t.damage("");
  CHECK(t.open()->stats()->policies == 0);
  CHECK(t.aside().empty());
}

TEST_CASE("Two damaged files of one second are both kept", "[cache]") {
  Filled t;
  for (int n = 1; n <= 3; ++n) {
    t.damage(t.intact.substr(0, 4096));
    t.open();
    CHECK(t.aside().size() == std::size_t(n));
  }
}

TEST_CASE("Flipped bytes anywhere: after three starts at most there is a working cache", "[cache]") {
  Filled t(200);
  // Every field of the headers of both meta pages, and a sample of all pages.
  std::vector<std::size_t> places{0,  10, 12, 16, 20, 24,  32,  40,  44,  46,  48, 56,
                                  64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144};
  auto page = GENERATE(0, 1, 2, 3, 5, 8);
  auto flip = GENERATE(0x01, 0xFF);
  for (auto place : places) {
    auto at = std::size_t(page) * 4096 + place;
    if (at >= t.intact.size()) continue;
    INFO("page " << page << " octet " << place);
    for (const auto& file : t.aside()) std::filesystem::remove(t.folder.file(file));
    std::filesystem::remove(t.folder.file("daemon.lock"));
    std::filesystem::remove(t.folder.file("lock.mdb"));
    auto bytes = t.intact;
    bytes[at] = static_cast<char>(bytes[at] ^ flip);
    t.damage(bytes);
    bool works = false;
    for (int start = 0; start < 4 && !works; ++start) {
      Child child({"use", t.folder.cache(), std::to_string(start)});
      while (!child.line().empty()) {
      }
      works = child.wait() == 0;
    }
    CHECK(works);
  }
}

TEST_CASE("A file that has changed since its writer stopped is checked at the start", "[cache]") {
  struct Row {
    const char* why;
    bool unclean, changed, checked;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({{"stopped in order", false, false, false},
                                                      {"killed", true, false, true},
                                                      {"changed by somebody", false, true, true}}));
  INFO(row.why);
  Filled t;
  // Damage that opening alone does not find: leaf pages with policies become noise. All pages that hold the
  // name do, because which of them are free by now is chance.
  auto bytes = t.intact;
  REQUIRE(noise_over_pages_with("kept-000100.example", "20270101", bytes) > 0);
  t.damage(bytes);
  if (!row.changed) as_left_in_order(t.folder);
  if (row.unclean) {
    auto lock = cache::WriterLock::take(t.folder.cache());
    REQUIRE(lock);
    CHECK(lock->opened({}) == 0);  // and an orderly stop was never noted
  }
  auto cache = t.open();
  CHECK(t.aside().size() == (row.checked ? 1u : 0u));
  CHECK(t.log.has(1, "did not stop in order") == row.unclean);
  if (!row.checked) return;
  auto condition = cache->condition();
  CHECK(condition.lost + condition.salvaged > 0);
  CHECK(condition.well() == (condition.lost == 0));
  CHECK((t.log.has(2, "kept-000100.example is lost") || t.log.has(1, "kept-000100.example was damaged")));
  auto reader = *cache->reader();
  auto found = reader->find(name("kept-000100.example"));
  REQUIRE(found);
  REQUIRE(*found);
  CHECK(((*found)->lost || (*found)->refresh_at == Time{}));  // lost, or an older copy that is due
  CHECK((*reader->find(name("kept-000299.example")))->has_policy);
}

TEST_CASE("An intact file passes its check and stays", "[cache]") {
  Filled t;
  std::filesystem::remove(t.folder.file("daemon.lock"));
  auto cache = t.open();
  CHECK(cache->stats()->policies == 300);
  CHECK(t.aside().empty());
  CHECK(cache->condition().well());
}

TEST_CASE("The check tells good from bad", "[cache]") {
  using cache::FileState;
  Filled t;
  auto file = t.folder.file("data.mdb");
  auto verdict = [&](const std::string& bytes) {
    t.damage(bytes);
    return cache::check_file(file).verdict;
  };
  CHECK(verdict(t.intact) == FileState::sound);
  CHECK(verdict("") == FileState::empty);
  CHECK(verdict(t.intact.substr(0, 12'288)) == FileState::damaged);
  auto both = [&](std::size_t at, std::uint32_t word) {
    auto bytes = t.intact;
    for (std::size_t meta : {0u, 4096u}) std::memcpy(bytes.data() + meta + at, &word, sizeof word);
    return bytes;
  };
  CHECK(verdict(both(20, 2)) == FileState::other_format);           // the format's version
  CHECK(verdict(both(16, 0xDEC0EFBE)) == FileState::other_format);  // the other byte order
  auto one = t.intact;
  one[20] = 2;
  CHECK(verdict(one) == FileState::damaged);  // the second page says otherwise
}

TEST_CASE("A file with another LMDB format is refused and not changed", "[cache]") {
  Filled t;
  auto bytes = t.intact;
  bytes[20] = bytes[4096 + 20] = 2;
  t.damage(bytes);
  auto cache = LmdbCache::open({.path = t.folder.cache(), .log = t.log.sink()}, t.clock);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().detail.find("another file format") != std::string::npos);
  CHECK(read_file(t.folder.file("data.mdb")) == bytes);
  CHECK(t.aside().empty());
}

namespace {

// Of this process, in bytes.
rlim_t address_space() {
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * 4096;
}

}  // namespace

TEST_CASE("A failure that prevents the check is not damage", "[cache]") {
  struct Row {
    const char* why;
    __rlimit_resource_t resource;
    rlim_t limit;
    bool opens;
  };
  auto row =
      GENERATE(Catch::Generators::values<Row>({{"no descriptor left", RLIMIT_NOFILE, 4, false},
                                               {"little address space", RLIMIT_AS, 3ull << 30, true}}));
  INFO(row.why);
  // A sanitizer's shadow memory is larger than any limit that is worth trying.
  if (row.resource == RLIMIT_AS && address_space() >= row.limit) return;
  Filled t;
  std::filesystem::remove(t.folder.file("daemon.lock"));  // so that it is checked
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    rlimit limit{row.limit, row.limit};
    ::setrlimit(row.resource, &limit);
    auto cache = LmdbCache::open({.path = t.folder.cache(), .max_size = 1 << 28}, t.clock);
    ::_exit(cache ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == (row.opens ? 0 : 1));
  CHECK(t.aside().empty());
  CHECK(t.open()->stats()->policies == 300);
}

TEST_CASE("Two swapped pages lose nothing", "[cache]") {
  Filled t;
  auto bytes = t.intact;
  auto page_of = [&](const char* text) { return bytes.rfind(text) & ~std::size_t{4095}; };
  auto a = page_of("kept-000010.example"), b = page_of("kept-000250.example");
  REQUIRE(a != b);
  for (std::size_t i = 0; i < 4096; ++i) std::swap(bytes[a + i], bytes[b + i]);
  t.damage(bytes);
  auto cache = t.open();
  CHECK(cache->stats()->policies == 300);
  CHECK(cache->condition().lost == 0);
}

TEST_CASE("A loss that cannot be counted is reported", "[cache]") {
  Filled t;
  auto bytes = t.intact;
  bytes.resize(2 * 4096);  // nothing but the meta pages
  t.damage(bytes);
  auto cache = t.open();
  CHECK(cache->stats()->policies == 0);
  CHECK(cache->condition().more_lost);
  CHECK_FALSE(cache->condition().well());
  CHECK(t.log.has(2, "how many it had cannot be read"));
}

TEST_CASE("A damaged lock.mdb is made again, and nothing else is touched", "[cache]") {
  Filled t;
  std::filesystem::remove(t.folder.file("lock.mdb"));
  write_file(t.folder.file("lock.mdb"), std::string(8192, 'x'));
  CHECK(LmdbCache::open({.path = t.folder.cache(), .lock_memory = ""}, t.clock));
  CHECK(t.aside().empty());
  CHECK(t.open()->stats()->policies == 300);
}

TEST_CASE("Random damage: no process dies, and nothing is lost silently or without being hit", "[cache]") {
  DamagedCache cache;
  for (std::uint32_t number = 0; number < 64; ++number) {
    auto outcome = cache.attempt(number);
    INFO(number << ": " << outcome.what);
    CHECK(outcome.complaint == "");
  }
}

TEST_CASE("daemon.lock tells how the last writer stopped", "[cache]") {
  using cache::WriterLock;
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  struct Row {
    const char *why, *text;
    WriterLock::Left left;
  };
  auto row = GENERATE(
      Catch::Generators::values<Row>({{"not at all", "", WriterLock::Left::unknown},
                                      {"of an older mtastsd", "123\n", WriterLock::Left::unknown},
                                      {"killed", "123\nlock 1 2\nopen\n", WriterLock::Left::unclean},
                                      {"damage was seen", "123\n\ncheck\n", WriterLock::Left::wants_check},
                                      {"in order", "123\n\nstopped 1 2.3\n\n\n", WriterLock::Left::in_order},
                                      {"rubbish", "\n\n\n\x01\xFF", WriterLock::Left::unknown}}));
  INFO(row.why);
  write_file(folder.file("daemon.lock"), row.text);
  auto lock = WriterLock::take(folder.cache());
  REQUIRE(lock);
  CHECK(lock->left() == row.left);
  CHECK_FALSE(lock->unchanged());
  lock->stopped_in_order();
  *lock = std::move(*WriterLock::take(folder.path()));
  auto again = WriterLock::take(folder.cache());
  REQUIRE(again);
  CHECK(again->unchanged());
}

TEST_CASE("A file without its last pages, which are free, is lengthened, and all of it is kept", "[cache]") {
  Filled t;
  // As LMDB leaves it when pages at the end were taken and freed in one transaction.
  auto page_count = set_last_page(t.intact, 3);
  t.damage(t.intact);
  {  // nobody writes, so the file is not about to grow: a reader checks it and reads
    auto reader = LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock);
    INFO((reader ? "" : reader.error().detail));
    REQUIRE(reader);
    CHECK((*reader)->stats()->policies == 300);
  }
  auto cache = t.open();
  CHECK(cache->stats()->policies == 300);
  CHECK(t.aside().empty());
  CHECK(std::filesystem::file_size(t.folder.file("data.mdb")) == page_count * 4096);
  cache.reset();
  CHECK(LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock));
}
