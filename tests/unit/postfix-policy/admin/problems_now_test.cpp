// The problems for which status exits 1, and how often they are logged.
#include "postfix-policy/admin/problems_now.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "postfix-policy/admin/status.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

const Time noon{std::chrono::seconds(1'769'860'800)};
const Shortages::Moment steady{std::chrono::hours(1)};
const ConfigFile file{"/etc/mtastsd/mtastsd.toml", noon, "digest"};

struct World {
  CacheCondition cache;
  Shortages shortages;
  std::optional<std::string> digest = "digest";
  ClockBelief clock;

  std::string codes() const {
    std::string all;
    for (const Problem& each : problems_now(cache, shortages, file, digest, clock, noon + 90s, steady))
      all += (all.empty() ? "" : " ") + each.code;
    return all;
  }
};

}  // namespace

TEST_CASE("problems: each is listed, and nothing else", "[status]") {
  struct Row {
    const char* want;
    void (*spoil)(World&);
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"", [](World&) {}},
      {"commits-fail", [](World& w) { w.cache.commits_fail = {noon, "No space left on device"}; }},
      {"writer-waits", [](World& w) { w.cache.writer_waits = {noon, "process 7 has the lock"}; }},
      {"folder-gone", [](World& w) { w.cache.folder_gone = {noon, ""}; }},
      {"read-only", [](World& w) { w.cache.read_only = {noon, ""}; }},
      {"must-restart", [](World& w) { w.cache.must_restart = {noon, ""}; }},
      {"entries-lost", [](World& w) { w.cache.lost = 3; }},
      {"entries-lost", [](World& w) { w.cache.more_lost = true; }},
      {"", [](World& w) { w.cache.salvaged = 3; }},
      {"reader-held reader-held", [](World& w) { w.cache.held_readers = {{4711, noon}, {4712, noon}}; }},
      {"descriptors", [](World& w) { w.shortages.note(Shortage::descriptors, steady - 599s); }},
      {"", [](World& w) { w.shortages.note(Shortage::descriptors, steady - 600s); }},
      {"connections fetches",
       [](World& w) {
         w.shortages.note(Shortage::connections, steady);
         w.shortages.note(Shortage::fetches, steady);
       }},
      {"config-changed", [](World& w) { w.digest = "another"; }},
      {"config-unreadable", [](World& w) { w.digest.reset(); }},
      {"clock-in-doubt", [](World& w) { w.clock.doubt = ClockDoubt::jumped; }},
      {"clock-in-doubt", [](World& w) { w.clock.doubt = ClockDoubt::behind_fetch; }},
      {"clock-in-doubt", [](World& w) { w.clock.doubt = ClockDoubt::behind_mark; }},
      {"clock-in-doubt", [](World& w) { w.clock.doubt = ClockDoubt::keys_out_of_date; }},
      {"", [](World& w) { w.clock.doubt = ClockDoubt::long_absence; }},
  }));
  World world;
  row.spoil(world);
  CHECK(world.codes() == row.want);
}

TEST_CASE("problems: the text says since when, why, and which process", "[status]") {
  World world;
  world.cache.commits_fail = {noon, "No space left on device; make room"};
  world.cache.held_readers = {{4711, noon}};
  auto problems =
      problems_now(world.cache, world.shortages, file, world.digest, world.clock, noon + 90s, steady);
  REQUIRE(problems.size() == 2);
  CHECK(
      problems[0].text ==
      "nothing has been stored in the cache since 2026-01-31T12:00:00Z: No space left on device; make room");
  CHECK(problems[1].text ==
        "process 4711 has been reading the cache since 2026-01-31T12:00:00Z (90 s), so the file grows; "
        "end that "
        "process");
}

TEST_CASE("problems: a new one is logged at once, a lasting one once a minute", "[status]") {
  ProblemLog log;
  std::vector<Problem> one{{"commits-fail", "x"}},
      two{{"commits-fail", "x"}, {"reader-held", "a"}, {"reader-held", "b"}};
  CHECK(log.due(one, steady).size() == 1);
  CHECK(log.due(one, steady + 59s).empty());
  CHECK(log.due(two, steady + 59s).size() == 2);
  CHECK(log.due(two, steady + 60s).size() == 1);
  CHECK(log.due({}, steady + 61s).empty());
  CHECK(log.due(one, steady + 62s).size() == 1);  // it was gone in between
}

TEST_CASE("the digest of the configuration is that of sha256sum", "[status]") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_FALSE(digest_now({"/nonexistent/file", noon, ""}));
  CHECK(digest_now({"/dev/null", noon, ""}) == sha256_hex(""));
}

}  // namespace mtasts
