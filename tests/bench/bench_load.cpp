// bench_load - load generator for socketmap servers. Exit: 0 all replies were good, 1 one was missing or
// wrong, 2 not run.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "conf/values.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/load_report.hpp"

namespace {

using namespace mtasts;
using namespace mtasts::bench;

struct Options {
  std::vector<std::string> connect;
  std::string keys_file, pattern = "d{}.example";
  std::uint64_t domains = 1'000'000;
  double seconds = 10, warmup = 1, timeout = 10;
  int cpu = -1;
  bool json = false;
  LoadPlan plan;
};

void add_keys(CLI::App& app, Options& o) {
  const std::map<std::string, OrderKind> orders{
      {"uniform", OrderKind::uniform}, {"zipf", OrderKind::zipf}, {"once", OrderKind::once}};
  app.add_option("--map", o.plan.map, "map name to send (default: postfix310)")
      ->check([](const std::string& map) { return std::string(map.size() > max_map ? "too long" : ""); });
  auto* file = app.add_option("--keys", o.keys_file, "file with the keys, one on each line");
  app.add_option("--pattern", o.pattern, "keys with a number for {} (default: d{}.example)")->excludes(file);
  app.add_option("--domains", o.domains, "numbers 0 to N-1 (default: 1000000)")
      ->check(CLI::Range(1u, 1'000'000'000u))
      ->excludes(file);
  app.add_option("--order", o.plan.order, "uniform (default), zipf, or once (each key once, then end)")
      ->transform(CLI::CheckedTransformer(orders));
  app.add_option("--exponent", o.plan.exponent, "of zipf (default: 1)")->check(CLI::Range(0.01, 10.0));
  app.add_option("--seed", o.plan.seed, "of the random order (default: 1)");
}

void add_run(CLI::App& app, Options& o) {
  app.add_option("--connect", o.connect, "unix:PATH or inet:HOST:PORT; several share the connections")
      ->required();
  app.add_option("--connections", o.plan.connections,
                 "connections that ask, one request at a time (default: 1)")
      ->check(CLI::Range(1u, 100'000u));
  app.add_option("--idle", o.plan.idle, "further connections that send nothing")
      ->check(CLI::Range(0u, 100'000u));
  app.add_flag("--spin", o.plan.spin, "never sleep while waiting; needs a core of its own");
  app.add_option("--seconds", o.seconds, "seconds to measure (default: 10; not for --order once)")
      ->check(CLI::Range(0.01, 1e6));
  app.add_option("--warmup", o.warmup, "seconds before that, not counted (default: 1)")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--timeout", o.timeout, "seconds to wait for a reply (default: 10)")
      ->check(CLI::Range(0.01, 1e6));
  app.add_option("--cpu", o.cpu, "core to run on");
  app.add_option("--server-pid", o.plan.server_processes, "process whose CPU time is measured; repeatable");
  app.add_flag("--json", o.json, "one object on standard output; the text goes to standard error");
}

std::chrono::nanoseconds nanoseconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

void set_times(Options& o) {
  bool once = o.plan.order == OrderKind::once;
  o.plan.span = once ? nanoseconds(0) : nanoseconds(o.seconds);
  o.plan.warmup = once ? nanoseconds(0) : nanoseconds(o.warmup);
  o.plan.timeout = nanoseconds(o.timeout);
}

Result<Keys> keys_of(const Options& o) {
  if (!o.keys_file.empty()) return Keys::from_file(o.keys_file);
  auto pattern = KeyPattern::parse(o.pattern);
  if (!pattern) return std::unexpected(std::move(pattern.error()));
  return Keys(std::move(*pattern), o.domains);
}

Result<LoadResult> run(Options& o) {
  for (const std::string& text : o.connect) {
    auto server = read_endpoint(text);
    if (!server) return fail(Fault::config, text + ": " + server.error());
    o.plan.servers.push_back(std::move(*server));
  }
  auto keys = keys_of(o);
  if (!keys) return std::unexpected(std::move(keys.error()));
  if (auto pinned = pin_to_core(o.cpu); !pinned) return std::unexpected(std::move(pinned.error()));
  raise_file_limit();
  Load load(o.plan, *keys);
  if (auto opened = load.open(); !opened) return std::unexpected(std::move(opened.error()));
  return load.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bench_load - asks a socketmap server as Postfix does, and measures"};
  Options options;
  add_run(app, options);
  add_keys(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  set_times(options);
  auto result = run(options);
  if (!result) {
    std::cerr << "bench_load: " << result.error().detail << '\n';
    return 2;
  }
  (options.json ? std::cerr : std::cout) << as_text(*result);
  if (options.json) std::cout << as_json(*result) << '\n';
  return all_well(*result) ? 0 : 1;
}
