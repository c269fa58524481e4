// Damaged files (B6, LMDB-18): set aside, never deleted, and nobody dies of them twice.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <filesystem>
#include <random>

#include "cache/folder.hpp"
#include "cache/trial_walk.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view gone = "the cached policies are gone until they are fetched again";

struct Filled {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  std::string intact;

  explicit Filled(int policies = 300) {
    {
      auto cache = open();
      put_many(*cache, "kept", 0, policies, policy_record(Mode::enforce, clock.now()));
    }
    intact = read_file(folder.file("data.mdb"));
  }
  std::unique_ptr<LmdbCache> open() {
    auto made = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
    INFO((made ? "" : made.error().detail));
    REQUIRE(made);
    return std::move(*made);
  }
  void damage(const std::string& bytes) { write_file(folder.file("data.mdb"), bytes); }
  std::vector<std::string> aside() { return files_like(folder.cache(), "data.mdb.bad-"); }
};

// Makes both meta pages claim that many pages more than the file has; gives the number of pages claimed.
std::uint64_t set_last_page(std::string& bytes, std::uint64_t more) {
  constexpr std::size_t last_pgno_at = 16 + 24 + 2 * 48;  // page head, head of the meta, its two databases
  std::uint64_t last = bytes.size() / 4096 - 1 + more;
  for (std::size_t meta : {0u, 4096u}) std::memcpy(bytes.data() + meta + last_pgno_at, &last, sizeof last);
  return last + 1;
}

// Turns every page with that text in one of its nodes to noise; gives how many. Between a page's lower and
// upper bound LMDB leaves what the memory held before, so there the text says nothing about the page.
int noise_over_pages_with(std::string_view text, std::string& bytes) {
  constexpr std::size_t page = 4096, upper_at = 14;
  int count = 0;
  for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
    auto start = at & ~(page - 1);
    std::uint16_t upper = 0;
    std::memcpy(&upper, bytes.data() + start + upper_at, sizeof upper);
    if (at - start < upper) continue;
    bytes.replace(start, page, std::string(page, '\xAB'));
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("A truncated file is set aside whole and a fresh one begun", "[cache]") {
  Filled t;
  std::size_t whole = t.intact.size();
  auto size = GENERATE_COPY(whole - 1, whole / 2, std::size_t{8192}, std::size_t{8191}, std::size_t{4096},
                            std::size_t{100}, std::size_t{1});
  INFO(size);
  auto cut = t.intact.substr(0, size);
  t.damage(cut);
  auto cache = t.open();
  CHECK(cache->stats()->policies == 0);
  REQUIRE(t.aside().size() == 1);
  CHECK(t.aside()[0] == "data.mdb.bad-20270115T080000Z");
  CHECK(read_file(t.folder.file(t.aside()[0])) == cut);
  CHECK(t.log.has(2, std::string(gone)));
  CHECK(t.log.has(2, t.aside()[0]));
  REQUIRE(put(*cache, name("new.example"), policy_record(Mode::enforce, t.clock.now())));
  cache.reset();
  CHECK(t.open()->stats()->policies == 1);
  CHECK(t.aside().size() == 1);
}

TEST_CASE("A truncated file is an error for a reader, which moves nothing", "[cache]") {
  Filled t;
  t.damage(t.intact.substr(0, t.intact.size() / 2));
  auto cache = LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().fault == Fault::storage);
  CHECK(t.aside().empty());
}

TEST_CASE("Bytes of anything else as data.mdb are set aside", "[cache]") {
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

TEST_CASE("Two files set aside in one second are both kept", "[cache]") {
  Filled t;
  for (int n = 1; n <= 3; ++n) {
    t.damage(t.intact.substr(0, 4096));
    t.open();
    CHECK(t.aside().size() == std::size_t(n));
  }
}

TEST_CASE("Flipped bytes anywhere: after three starts at most there is a working cache", "[cache]") {
  Filled t(200);
  // Every field of both meta pages' heads, and a sample of all pages.
  std::vector<std::size_t> places{0,  10, 12, 16, 20, 24,  32,  40,  44,  46,  48, 56,
                                  64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144};
  auto page = GENERATE(0, 1, 2, 3, 5, 8);
  auto flip = GENERATE(0x01, 0xFF);
  for (auto place : places) {
    auto at = std::size_t(page) * 4096 + place;
    if (at >= t.intact.size()) continue;
    INFO("page " << page << " octet " << place);
    for (const auto& file : t.aside()) std::filesystem::remove(t.folder.file(file));
    std::filesystem::remove(t.folder.file("running"));
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

TEST_CASE("B6: after two unclean stops within ten minutes the file is tried by a child", "[cache]") {
  struct Row {
    const char* why;
    int second_start;
    bool walked;
  };
  auto row = GENERATE(Catch::Generators::values<Row>(
      {{"soon after each other", 60, true}, {"with eleven minutes between", 720, false}}));
  INFO(row.why);
  Filled t;
  auto crash = [&](int later) {
    Child child({"crash", t.folder.cache(), std::to_string(later)});
    std::string output;
    for (auto line = child.line(); !line.empty(); line = child.line()) output += line + "\n";
    CHECK(child.wait() == 128 + SIGKILL);
    return output;
  };
  CHECK(crash(0).find("did not stop in order") == std::string::npos);
  CHECK(crash(0).find("did not stop in order") != std::string::npos);
  // Damage that opening alone does not meet: leaf pages turned to noise. All that hold the name, since which
  // of them are free pages by now is chance.
  auto bytes = read_file(t.folder.file("data.mdb"));
  REQUIRE(noise_over_pages_with("kept-000100.example", bytes) > 0);
  t.damage(bytes);
  auto output = crash(row.second_start);
  INFO(output);
  CHECK((output.find(gone) != std::string::npos) == row.walked);
  CHECK(t.aside().size() == (row.walked ? 1u : 0u));
}

TEST_CASE("B6: an intact file passes its trial and stays", "[cache]") {
  Filled t;
  write_file(t.folder.file("running"), std::to_string(t.clock.now().time_since_epoch().count() - 5) + "\n");
  auto cache = t.open();
  CHECK(cache->stats()->policies == 300);
  CHECK(t.aside().empty());
  CHECK(read_file(t.folder.file("running")).empty());  // counting begins again
}

TEST_CASE("The trial walk tells good from bad", "[cache]") {
  Filled t;
  CHECK(cache::trial_walk(t.folder.cache()).verdict == cache::Verdict::sound);
  CHECK(cache::walk_everything(t.folder.cache()) == 0);
  t.damage(t.intact.substr(0, 12'288));  // what a reader dies of
  auto walked = cache::trial_walk(t.folder.cache());
  INFO(walked.why);
  CHECK(walked.verdict == cache::Verdict::damaged);
  CHECK_FALSE(walked.why.empty());
}

TEST_CASE("B6: only what a bad page does to its reader is damage", "[cache]") {
  using cache::Verdict;
  struct Row {
    const char* why;
    std::function<void()> end;
    Verdict verdict;
  };
  auto die_of = [](int signal) {
    return [signal] {
      ::signal(signal, SIG_DFL);
      ::raise(signal);
    };
  };
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"walked to the end", [] { ::_exit(0); }, Verdict::sound},
      {"found bad pages", [] { ::_exit(3); }, Verdict::damaged},
      {"a page beyond the end", die_of(SIGBUS), Verdict::damaged},
      {"a pointer to nowhere", die_of(SIGSEGV), Verdict::damaged},
      {"an assertion of LMDB", die_of(SIGABRT), Verdict::damaged},
      {"a division by a bad size", die_of(SIGFPE), Verdict::damaged},
      {"an illegal instruction", die_of(SIGILL), Verdict::damaged},
      {"the out-of-memory killer", die_of(SIGKILL), Verdict::undecided},
      {"an administrator", die_of(SIGTERM), Verdict::undecided},
      {"a limit on processor time", die_of(SIGXCPU), Verdict::undecided},
      {"some other end", [] { ::_exit(1); }, Verdict::undecided},
  }));
  INFO(row.why);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    row.end();
    ::_exit(99);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  auto judged = cache::judge_status(status);
  CHECK(judged.verdict == row.verdict);
  CHECK(judged.why.empty() == (row.verdict == Verdict::sound));
}

TEST_CASE("B6: a wish to walk the file outlives this start", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  auto first = cache::Marker::put(folder.cache(), clock.now());
  REQUIRE(first);
  CHECK_FALSE(first->suspicious());
  first->demand_check();
  for (int start = 0; start < 2; ++start) {  // neither start ends in order
    auto later = cache::Marker::put(folder.cache(), clock.now());
    REQUIRE(later);
    CHECK(later->suspicious());
  }
}

TEST_CASE("A file without its free last pages is whole again, and all of it is kept", "[cache]") {
  Filled t;
  // As LMDB leaves it when pages at the end were taken and freed in one transaction.
  auto page_count = set_last_page(t.intact, 3);
  t.damage(t.intact);
  {
    auto reader = LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock);
    REQUIRE_FALSE(reader);
    INFO(reader.error().detail);
    CHECK(reader.error().detail.find("restart mtastsd") != std::string::npos);
  }
  auto cache = t.open();
  CHECK(cache->stats()->policies == 300);
  CHECK(t.aside().empty());
  CHECK(std::filesystem::file_size(t.folder.file("data.mdb")) == page_count * 4096);
  cache.reset();
  CHECK(LmdbCache::open({.path = t.folder.cache(), .read_only = true}, t.clock));
}

TEST_CASE("The marker holds any content", "[cache]") {
  TempFolder folder;
  HandClock clock;
  REQUIRE(LmdbCache::open({.path = folder.cache()}, clock));
  auto now = std::to_string(clock.now().time_since_epoch().count());
  struct Row {
    const char *why, *text;
    bool suspicious;
  };
  auto row =
      GENERATE(Catch::Generators::values<Row>({{"one unclean stop", "", false},
                                               {"two", "1799999990\n", true},
                                               {"the first long ago", "1799990000\n", false},
                                               {"in the future", "1900000000\n", false},
                                               {"rubbish", "abc\n\n\n-\n99999999999999999999999\n", false},
                                               {"damage was seen", "check\n", true}}));
  INFO(row.why);
  write_file(folder.file("running"), row.text);
  auto marker = cache::Marker::put(folder.cache(), clock.now());
  REQUIRE(marker);
  CHECK(marker->suspicious() == row.suspicious);
  marker->remove(false);
  CHECK_FALSE(std::filesystem::exists(folder.file("running")));
}
