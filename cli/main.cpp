// mtastsctl - administration of mtastsd (mtastsctl(1)): reads the command line, runs one verb.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/open_cache.hpp"
#include "conf/parse.hpp"
#include "conf/values.hpp"
#include "version.hpp"

namespace {

using namespace mtasts;

constexpr const char* default_config = "/etc/mtastsd/mtastsd.toml";

struct SystemClock final : Clock {
  Moment moment() const noexcept override {
    return certain(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  }
};

struct Options {
  std::string config, colour = "auto";
  bool json = false;
  std::vector<std::string> records;
  std::string file, expiring, pattern, domain;
  HttpAnswerFacts http;
  ListOptions list;
  QueryOptions query;
  ExplainQuestion explain;
  std::optional<std::string> save, offline;
};

bool use_colour(const Options& options) {
  if (options.colour != "auto") return options.colour == "always";
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return isatty(STDOUT_FILENO) == 1 && !dumb &&
         std::getenv("NO_COLOR") == nullptr;  // NOLINT(concurrency-mt-unsafe)
}

std::size_t width_of_output() {
  const char* columns = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe)
  return terminal_width(STDOUT_FILENO, columns == nullptr ? "" : columns);
}

Result<Config> configuration(const Options& options) {
  std::string file = options.config;
  if (file.empty() && is_there(default_config)) file = default_config;
  auto parsed =
      file.empty() ? parse_config("", "defaults", default_paths()) : load_config(file, default_paths());
  if (!parsed) return std::unexpected(parsed.error());
  return std::move(parsed->config);
}

// Runs a verb that needs the configuration; without one it fails like the verb would.
int with_config(const Options& options, const Terminal& terminal,
                const std::function<int(const Config&)>& verb) {
  auto config = configuration(options);
  return config ? verb(*config)
                : terminal.trouble("the configuration can't be used\n" + config.error().detail);
}

int with_cache(const Options& options, const Terminal& terminal,
               const std::function<int(LmdbCache&, const Config&, Time)>& verb) {
  return with_config(options, terminal, [&](const Config& config) {
    SystemClock clock;
    auto cache = open_cache(config.cache, clock);
    return cache ? verb(**cache, config, clock.now()) : terminal.trouble(whole(cache.error().detail));
  });
}

int run_lint_record(Options& options, const Terminal& terminal) {
  for (std::string& each : options.records)
    if (each.starts_with('\0')) each.erase(0, 1);
  if (options.records != std::vector<std::string>{"-"}) return lint_record(options.records, terminal);
  auto text = read_input("-", std::cin);
  auto records = text ? json_strings(*text) : std::unexpected(text.error());
  return records ? lint_record(*records, terminal) : terminal.trouble(records.error().detail);
}

int run_lint_policy(const Options& options, const Terminal& terminal) {
  auto body = read_input(options.file, std::cin);
  return body ? lint_policy_text(*body, options.http, terminal) : terminal.trouble(body.error().detail);
}

int run_list(Options& options, const Terminal& terminal) {
  if (!options.expiring.empty()) {
    auto span = parse_duration(options.expiring);
    if (!span) return terminal.trouble("--expiring takes a number and one of s, m, h, d, as 24h");
    options.list.expiring = std::chrono::floor<std::chrono::seconds>(*span);
  }
  return with_cache(options, terminal, [&](LmdbCache& cache, const Config& config, Time now) {
    return list(cache, options.list, config.overrides, now, terminal);
  });
}

int run_show(const Options& options, const Terminal& terminal) {
  return with_cache(options, terminal, [&](LmdbCache& cache, const Config& config, Time now) {
    return show(cache, options.domain, config, now, terminal);
  });
}

int run_query(Options& options, const Terminal& terminal) {
  return with_config(options, terminal, [&](const Config& config) {
    options.query.limit = query_limit(config, options.query.map);
    return query(config.listen.socketmap, options.query, terminal);
  });
}

int run_explain(const Options& options, const Terminal& terminal) {
  if (options.offline) return explain_offline(*options.offline, options.explain, terminal);
  if (options.explain.next_hop.empty()) return terminal.trouble("explain takes a next hop, as example.com");
  return with_config(options, terminal, [&](const Config& config) {
    SystemClock clock;
    return explain(config, options.explain, options.save, clock, terminal);
  });
}

using Verb = std::function<int(const Terminal&)>;

// Options may stand before and behind the verb, so each verb hands what it does not know to its parent.
CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& text) {
  auto* verb = parent.add_subcommand(name, text);
  verb->fallthrough();
  return verb;
}

void add_lint(CLI::App& app, Options& options, Verb& run) {
  auto* lint = add_verb(app, "lint", "judge a record, a policy or TLSA, offline");
  lint->require_subcommand(1);
  auto* record = add_verb(*lint, "record", "TXT records: is one of them a valid MTA-STS record?");
  record->add_option("TXT", options.records, "each record, joined; - reads JSON strings from stdin")
      ->required()
      ->expected(1, 10'000);
  record->callback(
      [&] { run = [&](const Terminal& terminal) { return run_lint_record(options, terminal); }; });
  auto* policy = add_verb(*lint, "policy", "a policy file: is it valid?");
  policy->add_option("FILE", options.file, "the policy; - reads stdin")->required();
  policy->add_option("--status", options.http.status, "HTTP status it came with")->check(CLI::Range(0, 999));
  policy->add_option("--content-type", options.http.content_type,
                     "HTTP Content-Type it came with; empty: none");
  policy->callback(
      [&] { run = [&](const Terminal& terminal) { return run_lint_policy(options, terminal); }; });
  auto* tlsa = add_verb(*lint, "tlsa", "a TLSA record: can an SMTP client use it?");
  tlsa->add_option("RDATA", options.records, "as \"3 1 1 2bb1...\", in one or several words")
      ->required()
      ->expected(1, 10'000);
  tlsa->callback(
      [&] { run = [&](const Terminal& terminal) { return lint_tlsa_text(options.records, terminal); }; });
}

void add_cache_verbs(CLI::App& app, Options& options, Verb& run) {
  auto* list = add_verb(app, "list", "list the cached policies");
  list->add_option("--mode", options.list.mode, "only policies of this mode")
      ->check(CLI::IsMember({"enforce", "testing", "none"}));
  list->add_option("--expiring", options.expiring, "only policies in force that end within this, as 24h");
  list->add_option("--glob", options.list.glob, "only domains that match this, as '*.example'");
  list->add_flag("--all", options.list.all, "also domains that are known to have no policy");
  list->callback([&] { run = [&](const Terminal& terminal) { return run_list(options, terminal); }; });
  auto* show = add_verb(app, "show", "show all that is cached about a domain");
  show->add_option("DOMAIN", options.domain)->required();
  show->callback([&] { run = [&](const Terminal& terminal) { return run_show(options, terminal); }; });
}

void add_query(CLI::App& app, Options& options, Verb& run) {
  auto* query = add_verb(app, "query", "ask the running mtastsd, as Postfix would");
  query->add_option("DOMAIN", options.query.domain, "as \"example.com\" or \"[mx.example.com]:587\"")
      ->required();
  query->add_option("--map", options.query.map, "as postfix310 or postfix/ZONE (default: postfix)");
  query->callback([&] { run = [&](const Terminal& terminal) { return run_query(options, terminal); }; });
}

void add_explain(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "explain", "look a next hop up now, and say what decides and why");
  verb->add_option("NEXTHOP", options.explain.next_hop, "as \"example.com\" or \"[mx.example.com]:587\"");
  verb->add_option("--map", options.explain.map, "as postfix310 or postfix/ZONE (default: postfix)");
  auto* save = verb->add_option("--save", options.save, "keep all answers in this file");
  verb->add_option("--offline", options.offline, "replay such a file, without a network")->excludes(save);
  verb->callback([&] { run = [&](const Terminal& terminal) { return run_explain(options, terminal); }; });
}

void add_status(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "status", "how the running mtastsd is, DNSSEC and its resolvers");
  verb->callback([&] {
    run = [&](const Terminal& terminal) {
      return with_config(options, terminal,
                         [&](const Config& config) { return status(config.listen.control, terminal); });
    };
  });
}

void add_match(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "match", "does an mx pattern of a policy match an MX host?");
  verb->add_option("PATTERN", options.pattern, "as \"mx.example.com\" or \"*.example.com\"")->required();
  verb->add_option("HOST", options.domain)->required();
  verb->callback([&] { run = [&](const Terminal& t) { return match(options.pattern, options.domain, t); }; });
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"mtastsctl - administration of mtastsd, the MTA-STS policy daemon for Postfix", "mtastsctl"};
  app.get_formatter()->column_width(26);
  Options options;
  Verb run;
  app.add_option("-c,--config", options.config, std::string("configuration; else ") + default_config);
  app.add_flag("--json", options.json, "print JSON");
  app.add_option("--color", options.colour, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.set_version_flag("-V,--version", "mtastsctl " + std::string(version));
  app.require_subcommand(1);
  add_query(app, options, run);
  add_explain(app, options, run);
  add_status(app, options, run);
  add_cache_verbs(app, options, run);
  add_lint(app, options, run);
  add_match(app, options, run);
  try {
    app.parse(as_parsed({argv + 1, argv + argc}));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_trouble;
  }
  Terminal terminal{std::cout, std::cerr, options.json, !options.json && use_colour(options),
                    width_of_output()};
  int code = run(terminal);
  return std::cout.flush() ? code : terminal.trouble("the output could not be written");
} catch (const std::exception& error) {
  std::cerr << "mtastsctl: " << error.what() << '\n';
  return mtasts::exit_trouble;
}
