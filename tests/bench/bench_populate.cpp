// bench_populate - fills a cache folder with synthetic entries, so that a daemon can be measured on it.
//
// Prints one JSON object with what was done; progress and the cache's log go to standard error. Exit: 0
// stored, 1 an entry was not stored, 2 not run.
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <map>

#include "conf/values.hpp"
#include "sys/system_clock.hpp"
#include "tests/bench/populate.hpp"

namespace {

using namespace mtasts;
using namespace mtasts::bench;
using Steady = std::chrono::steady_clock;

struct Options {
  std::string path, pattern = "d{}.example", max_size = "64GiB";
  PopulatePlan plan;
  std::int64_t valid = 86400, refresh_after = 3600, age_spread = 86400;
  bool scatter_refreshes = false;
};

void add_options(CLI::App& app, Options& o) {
  const std::map<std::string, RecordKind> kinds{
      {"policy", RecordKind::policy}, {"negative", RecordKind::negative}, {"mixed", RecordKind::mixed}};
  auto time = CLI::Range(std::int64_t{0}, std::int64_t{31'557'600});
  RecordPlan& record = o.plan.record;
  app.add_option("--path", o.path, "folder of the cache, created if missing")->required();
  app.add_option("--domains", o.plan.domains, "how many (numbers 0 to N-1)")
      ->required()
      ->check(CLI::Range(1u, 1'000'000'000u));
  app.add_option("--pattern", o.pattern, "names with the number for {} (default: d{}.example)");
  app.add_option("--max-size", o.max_size, "limit of the cache (default: 64GiB)");
  app.add_option("--kind", record.kind, "policy (default), negative, mixed (half of each)")
      ->transform(CLI::CheckedTransformer(kinds));
  app.add_flag("--dane,!--no-dane", record.dane, "with a DANE state, MX insecure (default: with)");
  app.add_option("--policy-hosts", record.providers,
                 "mail providers (default: 1000); 0: each domain has its own mx");
  app.add_option("--valid", o.valid, "seconds that DNS data is valid (default: 86400)")->check(time);
  app.add_option("--refresh-after", o.refresh_after, "seconds until the first refresh (default: 3600)")
      ->check(time);
  app.add_option("--age-spread", o.age_spread,
                 "seconds over which refreshes are then spread (default: 86400)")
      ->check(time);
  app.add_flag("--scatter-names", o.plan.scattered, "store in scattered order, not by number");
  app.add_flag("--scatter-refreshes", o.scatter_refreshes,
               "fall due in random order, not by number (as in real life)");
}

void set_plan(Options& o) {
  o.plan.record.domains = o.scatter_refreshes ? 0 : o.plan.domains;
  o.plan.record.valid = std::chrono::seconds(o.valid);
  o.plan.record.refresh_after = std::chrono::seconds(o.refresh_after);
  o.plan.record.refresh_spread = std::chrono::seconds(o.age_spread);
}

void log(int level, const std::string& line) {
  constexpr const char* levels[] = {"info", "warning", "error"};
  std::cerr << levels[level] << ": " << line << '\n';
}

Result<std::unique_ptr<LmdbCache>> open(const Options& o, const Clock& clock) {
  auto size = parse_size(o.max_size);
  if (!size) return fail(Fault::config, "--max-size " + o.max_size + ": write it like 500MiB or 10GiB");
  return LmdbCache::open({.path = o.path, .max_size = *size, .log = log}, clock);
}

void print(const CacheStats& stats, double seconds) {
  auto records = stats.policies + stats.negatives;
  boost::json::object object{
      {"domains", records}, {"policies", stats.policies},     {"negatives", stats.negatives},
      {"seconds", seconds}, {"file_bytes", stats.file_bytes}, {"used_bytes", stats.used_bytes}};
  object["bytes_per_domain"] =
      static_cast<double>(stats.used_bytes) / static_cast<double>(std::max(records, std::uint64_t{1}));
  std::cout << boost::json::serialize(object) << '\n';
}

Result<void> run(const Options& o) {
  auto pattern = KeyPattern::parse(o.pattern);
  if (!pattern) return std::unexpected(std::move(pattern.error()));
  SystemClock clock;
  auto cache = open(o, clock);
  if (!cache) return std::unexpected(std::move(cache.error()));
  auto begin = Steady::now();
  auto since = [begin] { return std::chrono::duration<double>(Steady::now() - begin).count(); };
  auto tell = [&](std::uint64_t stored) {
    std::cerr << stored << " of " << o.plan.domains << " in " << static_cast<int>(since()) << " s\r";
  };
  auto done = populate((*cache)->store(), o.plan, *pattern, clock.now(), tell);
  std::cerr << '\n';
  if (!done) return done;
  auto stats = (*cache)->stats();
  if (!stats) return std::unexpected(std::move(stats.error()));
  print(*stats, since());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bench_populate - fills a cache folder with synthetic entries"};
  Options options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  set_plan(options);
  auto done = run(options);
  if (done) return 0;
  std::cerr << "bench_populate: " << done.error().detail << '\n';
  return done.error().fault == Fault::config ? 2 : 1;
}
