// bench_due - asks a cache which domains are due for a refresh, as the refresher does each round; or makes
// all of them due.
//
// No daemon may run on that cache. Prints one JSON object. Exit: 0 done, 1 the cache failed, 2 not run.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "cache/lmdb_cache.hpp"
#include "sys/system_clock.hpp"
#include "tests/bench/cpu_time.hpp"

namespace {

using namespace mtasts;
namespace asio = boost::asio;

struct Options {
  std::string path;
  std::size_t limit = 64;
  std::int64_t ahead = 0;
  unsigned rounds = 200;
  bool make_due = false;
};

void log(int, const std::string& line) { std::cerr << line << '\n'; }

asio::awaitable<void> put(Store& store, DomainName domain, Record record, Result<void>& outcome) {
  auto done = co_await store.put(std::move(domain), std::move(record));
  if (!done) outcome = std::move(done);
}

Result<std::vector<DomainName>> all_domains(LmdbCache& cache) {
  std::vector<DomainName> domains;
  auto walked = cache.walk([&](std::string_view name, const Result<RecordView>&) {
    if (auto domain = DomainName::parse(name)) domains.push_back(*std::move(domain));
    return true;
  });
  if (!walked) return std::unexpected(std::move(walked.error()));
  return domains;
}

Result<void> make_due(LmdbCache& cache, Time now) {
  auto domains = all_domains(cache);
  if (!domains) return std::unexpected(std::move(domains.error()));
  asio::io_context loop(1);
  Result<void> outcome;
  std::uint64_t made = 0;
  for (const DomainName& domain : *domains) {
    auto record = cache.store().get(domain);
    if (!record) return std::unexpected(std::move(record.error()));
    if (!*record || !(*record)->policy) continue;
    (*record)->refresh_at = now;
    ++made;
    asio::co_spawn(loop, put(cache.store(), domain, **std::move(record), outcome), asio::detached);
  }
  loop.run();
  std::cout << boost::json::serialize(boost::json::object{{"made_due", made}}) << '\n';
  return outcome;
}

void ask(LmdbCache& cache, const Options& o, Time now) {
  std::vector<double> times;
  std::size_t found = 0;
  for (unsigned i = 0; i < o.rounds; ++i) {
    auto begin = bench::cpu_time_of_this_thread();
    found = cache.store().due(now + std::chrono::seconds(o.ahead), o.limit, 0).size();
    times.push_back(
        std::chrono::duration<double, std::micro>(bench::cpu_time_of_this_thread() - begin).count());
  }
  std::ranges::sort(times);
  boost::json::object object{{"due", found}, {"cpu_us", times[times.size() / 2]}, {"most_us", times.back()}};
  std::cout << boost::json::serialize(object) << '\n';
}

Result<void> run(const Options& o) {
  SystemClock clock;
  auto cache = LmdbCache::open({.path = o.path, .max_size = 1ull << 36, .log = log}, clock);
  if (!cache) return std::unexpected(std::move(cache.error()));
  if (o.make_due) return make_due(**cache, clock.now());
  ask(**cache, o, clock.now());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "bench_due - finds the domains of a cache that are due for a refresh, and measures how long that "
      "takes"};
  Options options;
  app.add_option("--path", options.path, "folder of the cache")->required();
  app.add_option("--limit", options.limit, "domains in each round (default: 64)");
  app.add_option("--ahead", options.ahead, "seconds added to the clock (default: 0)");
  app.add_option("--rounds", options.rounds, "number of rounds (default: 200)")
      ->check(CLI::Range(1u, 1'000'000u));
  app.add_flag("--make-due", options.make_due, "instead, make every policy due for a refresh now");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  auto done = run(options);
  if (done) return 0;
  std::cerr << "bench_due: " << done.error().detail << '\n';
  return 1;
}
