// The second process of the cache's tests. It prints "ready" (or "error …") and does what its arguments say:
//
// - write PATH: stores one enforce policy after another, and prints each name once it is reported as stored
// - put PATH NAME…: stores enforce policies, then waits for a line and ends in order
// - read PATH: answers each line NAME with "policy", "negative", "none" or "error …"; "hold" keeps a read
// open
// - open PATH [SECS]: opens for writing (with the clock SECS later), prints the log and how many policies
// there are
// - use PATH [SECS]: the same, then reads every entry and stores one; exit status 0 if all of that worked
// - crash PATH [SECS]: the same, then dies without closing
// - fill PATH: stores policies with files limited to 1 MiB and prints the result; then again without the
// limit
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

void say(const std::string& line) { std::cout << line << std::endl; }

std::unique_ptr<LmdbCache> open_or_end(CacheOptions options, const Clock& clock) {
  auto cache = LmdbCache::open(std::move(options), clock);
  if (cache) return std::move(*cache);
  say("error " + cache.error().detail);
  std::exit(1);
}

int write(LmdbCache& cache, const Clock& clock) {
  say("ready");
  for (int n = 0;; ++n)
    if (put(cache, numbered("stored", n), policy_record(Mode::enforce, clock.now()))) say(std::to_string(n));
}

int put_names(LmdbCache& cache, const Clock& clock, const std::vector<std::string>& names) {
  std::vector<DomainName> domains;
  for (const auto& text : names) domains.push_back(name(text));
  if (put_all(cache, domains, policy_record(Mode::enforce, clock.now())) != domains.size()) return 1;
  say("ready");
  std::string line;
  std::getline(std::cin, line);
  return 0;
}

std::string answer(Reader& reader, const std::string& text) {
  auto found = reader.find(name(text));
  if (!found) return "error " + found.error().detail;
  if (!*found) return "none";
  return (*found)->has_policy ? "policy" : "negative";
}

int read(LmdbCache& cache) {
  auto reader = cache.reader();
  if (!reader) return 1;
  say("ready");
  for (std::string line; std::getline(std::cin, line);) {
    bool hold = line == "hold";
    say(answer(**reader, hold ? "held.example" : line));
    if (!hold) (*reader)->release();
  }
  return 0;
}

int fill(LmdbCache& cache, const Clock& clock) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit{1 << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  Record big = policy_record(Mode::enforce, clock.now());
  big.policy->lines.assign(60'000, 'x');
  std::string failure;
  int n = 0;
  for (; n < 100 && failure.empty(); ++n)
    if (auto stored = put(cache, numbered("big", n), big); !stored) failure = stored.error().detail;
  say(failure.empty() ? "never failed" : "failed " + failure);
  setrlimit(RLIMIT_FSIZE, &before);
  auto stored = put(cache, name("after.example"), policy_record(Mode::enforce, clock.now()));
  say(stored ? "stored" : "error " + stored.error().detail);
  auto kept = cache.store().get(numbered("big", 0));
  say(kept && *kept && n > 1 ? "kept" : "lost");
  return 0;
}

int use(LmdbCache& cache, const Clock& clock) {
  std::size_t records = 0;
  auto reader = cache.reader();
  if (!reader) return 1;
  auto walked =
      cache.walk([&](std::string_view, const Result<RecordView>&) { return ++records < 1'000'000; });
  bool found = (*reader)->find(numbered("kept", 100)).has_value();
  (*reader)->release();
  bool stored = put(cache, name("new.example"), policy_record(Mode::enforce, clock.now())).has_value();
  bool there = false;
  if (auto got = cache.store().get(name("new.example")); got) there = got->has_value();
  return walked && found && stored && there ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::string what = argv[1];
  std::vector<std::string> rest(argv + 3, argv + argc);
  HandClock clock;
  bool opens = what == "open" || what == "crash" || what == "use";
  if (opens && !rest.empty()) clock.turn(std::chrono::seconds(std::stol(rest[0])));
  CacheOptions options{.path = argv[2], .read_only = what == "read"};
  if (opens)
    options.log = [](int level, std::string line) { say("log " + std::to_string(level) + " " + line); };
  auto cache = open_or_end(std::move(options), clock);
  if (what == "write") return write(*cache, clock);
  if (what == "put") return put_names(*cache, clock, rest);
  if (what == "read") return read(*cache);
  if (what == "use") return use(*cache, clock);
  if (what == "fill") return fill(*cache, clock);
  auto stats = cache->stats();
  say(stats ? "policies " + std::to_string(stats->policies) : "error " + stats.error().detail);
  if (what == "crash") ::kill(::getpid(), SIGKILL);
  return 0;
}
