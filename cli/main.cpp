// mtastsctl - administration of mtastsd (mtastsctl(1)): reads the command line, runs one verb.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <span>

#include "cli/arguments.hpp"
#include "cli/check_print.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/live_hosts.hpp"
#include "cli/open_cache.hpp"
#include "cli/rules_in_force.hpp"
#include "conf/parse.hpp"
#include "conf/problems.hpp"
#include "conf/values.hpp"
#include "sys/system_clock.hpp"
#include "sys/watched_clock.hpp"
#include "version.hpp"

namespace {

using namespace mtasts;

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

// Runs a verb with the configuration that the daemon has loaded.
int with_rules(const Options& options, const Terminal& terminal,
               const std::function<int(const Config&)>& verb) {
  auto config = configuration(options);
  auto rules = rules_in_force(config, configuration_file(options), control_of(options, config));
  if (!rules) return terminal.trouble("the configuration can't be used\n" + rules.error().detail);
  print_note(*rules, terminal);
  return verb(rules->config);
}

// A broken file must not hide the running daemon: then the default sockets are tried.
Config config_or_defaults(const Options& options, const Terminal& terminal) {
  auto config = configuration(options);
  if (config) return *std::move(config);
  terminal.err
      << "mtastsctl: the configuration can't be used, so mtastsctl tries the default sockets of mtastsd\n"
      << config.error().detail << '\n';
  auto defaults = parse_config("", "defaults", default_paths());
  return defaults ? std::move(defaults->config) : Config{};
}

int with_cache(const Options& options, const Terminal& terminal,
               const std::function<int(LmdbCache&, const Config&, const Moment&)>& verb) {
  return with_rules(options, terminal, [&](const Config& config) {
    SystemClock clock;
    auto cache = open_cache(config.cache, clock);
    if (!cache) return terminal.trouble(whole(cache.error().detail));
    Moment moment = clock.moment();
    if (auto belief = belief_by(**cache)) {
      moment = moment_of(*belief, read_clocks());
      if (belief->doubt != ClockDoubt::none)
        terminal.err << wrapped("mtastsctl: the clock is in doubt: " + words(*belief), 2) << '\n';
    }
    return verb(**cache, config, moment);
  });
}

// Runs a verb with the records of the command line, or with those of stdin.
int with_records(Options& options, const Terminal& terminal,
                 int (*verb)(const std::vector<std::string>&, const Terminal&)) {
  for (std::string& each : options.records)
    if (each.starts_with('\0')) each.erase(0, 1);
  if (options.records != std::vector<std::string>{"-"}) return verb(options.records, terminal);
  auto text = read_input("-", std::cin);
  auto records = text ? json_strings(*text) : std::unexpected(text.error());
  return records ? verb(*records, terminal) : terminal.trouble(records.error().detail);
}

// Looks at the MX hosts of a domain with the configuration that the daemon has loaded.
Result<LiveHosts> look(const Options& options, const DomainArgument& domain, const Terminal& terminal) {
  auto timeout = read_timeout(options);
  if (!timeout) return std::unexpected(timeout.error());
  auto config = configuration(options);
  auto rules = rules_in_force(config, configuration_file(options), control_of(options, config));
  if (!rules) return fail(Fault::config, "the configuration can't be used\n" + rules.error().detail);
  print_note(*rules, terminal);
  SystemClock clock;
  return look_at_hosts(rules->config, domain, *timeout, clock, terminal);
}

int run_lint_policy(const Options& options, const Terminal& terminal) {
  auto body = read_input(options.file, std::cin);
  if (!body) return terminal.trouble(body.error().detail);
  if (!options.policy_domain) return lint_policy_text(*body, options.http, terminal);
  auto domain = read_domain(*options.policy_domain);
  if (!domain) return terminal.trouble(domain.error().detail);
  tell(*domain, terminal);
  auto look_now = [&] { return look(options, *domain, terminal); };
  return lint_policy_of(*domain, *body, options.http, look_now, terminal);
}

int run_generate(const Options& options, const Terminal& terminal) {
  Time now = SystemClock().moment().now;
  if (options.no_network) return generate(options.generate, now, nullptr, terminal);
  auto look_now = [&](const DomainArgument& domain) { return look(options, domain, terminal); };
  return generate(options.generate, now, look_now, terminal);
}

int run_list(Options& options, const Terminal& terminal) {
  if (!options.expiring.empty()) {
    auto span = parse_duration(options.expiring);
    if (!span) return terminal.trouble("--expiring takes a number followed by s, m, h or d, for example 24h");
    options.list.expiring = std::chrono::floor<std::chrono::seconds>(*span);
  }
  return with_cache(options, terminal, [&](LmdbCache& cache, const Config& config, const Moment& moment) {
    return list(cache, options.list, config.overrides, moment, terminal);
  });
}

int run_show(const Options& options, const Terminal& terminal) {
  auto domain = read_domain(options.domain);
  if (!domain) return terminal.trouble(domain.error().detail);
  tell(*domain, terminal);
  return with_cache(options, terminal, [&](LmdbCache& cache, const Config& config, const Moment& moment) {
    return show(cache, *domain, config, moment, terminal);
  });
}

int run_query(Options& options, const Terminal& terminal) {
  auto next_hop = read_next_hop(options.domain);
  if (!next_hop) return terminal.trouble(next_hop.error().detail);
  tell(*next_hop, terminal);
  options.query.next_hop = *std::move(next_hop);
  if (!options.at.empty()) {
    auto endpoint = read_endpoint(options.at);
    if (!endpoint) return terminal.trouble("--at: " + endpoint.error());
    options.query.limit = query_limit(Config{}, options.query.map);
    return query({*endpoint}, options.query, terminal);
  }
  Config config = config_or_defaults(options, terminal);
  options.query.limit = query_limit(config, options.query.map);
  return query(config.listen.socketmap, options.query, terminal);
}

int run_status(const Options& options, const Terminal& terminal) {
  if (!options.control.empty()) return status(options.control, terminal);
  return status(config_or_defaults(options, terminal).listen.control, terminal);
}

int run_explain(Options& options, const Terminal& terminal) {
  if (options.next_hop) {
    auto next_hop = read_next_hop(*options.next_hop);
    if (!next_hop) return terminal.trouble(next_hop.error().detail);
    tell(*next_hop, terminal);
    options.explain.next_hop = *std::move(next_hop);
  }
  if (options.offline) return explain_offline(*options.offline, options.explain, terminal);
  if (!options.next_hop)
    return terminal.trouble("explain needs a next hop, for example: mtastsctl explain example.com");
  return with_rules(options, terminal, [&](const Config& config) {
    SystemClock clock;
    return explain(config, options.explain, options.save, clock, terminal);
  });
}

void add_lint(CLI::App& app, Options& options, Verb& run) {
  auto* lint = add_verb(app, "lint", "check TXT records, a policy or a TLSA record");
  lint->require_subcommand(1);
  auto* record = add_verb(*lint, "record", "TXT records: is one of them a valid MTA-STS record?");
  record->add_option("TXT", options.records, "each record, joined; - reads a JSON array from stdin")
      ->required()
      ->expected(1, 10'000);
  record->callback(
      [&] { run = [&](const Terminal& terminal) { return with_records(options, terminal, lint_record); }; });
  auto* policy = add_verb(*lint, "policy", "a policy file: is it valid?");
  policy->add_option("FILE", options.file, "the policy; - reads stdin")->required();
  policy->add_option("--status", options.http.status, "the HTTP status it came with")
      ->check(CLI::Range(0, 999));
  policy->add_option("--content-type", options.http.content_type,
                     "the HTTP Content-Type it came with; empty: none");
  auto* domain = policy->add_option("--domain", options.policy_domain, "compare with its live MX hosts");
  policy->add_option("--timeout", options.timeout, "for --domain (default: 30s)")->needs(domain);
  policy->callback(
      [&] { run = [&](const Terminal& terminal) { return run_lint_policy(options, terminal); }; });
  auto* tlsrpt = add_verb(*lint, "tlsrpt", "TXT records: is one of them a valid TLSRPT record?");
  tlsrpt->add_option("TXT", options.records, "each record, joined; - reads a JSON array from stdin")
      ->required()
      ->expected(1, 10'000);
  tlsrpt->callback([&] {
    run = [&](const Terminal& terminal) { return with_records(options, terminal, lint_tlsrpt_text); };
  });
  auto* tlsa = add_verb(*lint, "tlsa", "a TLSA record: can an SMTP client use it?");
  tlsa->add_option("RDATA", options.records, "such as \"3 1 1 2bb1...\", quoted or not")
      ->required()
      ->expected(1, 10'000);
  tlsa->callback(
      [&] { run = [&](const Terminal& terminal) { return lint_tlsa_text(options.records, terminal); }; });
}

void add_cache_verbs(CLI::App& app, Options& options, Verb& run) {
  auto* list = add_verb(app, "list", "list the cached policies");
  list->add_option("--mode", options.list.mode, "only policies of this mode")
      ->check(CLI::IsMember({"enforce", "testing", "none"}));
  list->add_option("--expiring", options.expiring, "only policies in force that expire within, say, 24h");
  list->add_option("--glob", options.list.glob, "only domains that match, for example '*.example'");
  list->add_flag("--all", options.list.all, "also domains that are known to have no policy");
  list->callback([&] { run = [&](const Terminal& terminal) { return run_list(options, terminal); }; });
  auto* show = add_verb(app, "show", "show all that is cached about a domain");
  show->add_option("DOMAIN", options.domain)->required();
  show->callback([&] { run = [&](const Terminal& terminal) { return run_show(options, terminal); }; });
}

void add_query(CLI::App& app, Options& options, Verb& run) {
  auto* query = add_verb(app, "query", "ask the running mtastsd, as Postfix would");
  query->add_option("DOMAIN", options.domain, "such as \"example.com\" or \"[mx.example.com]:587\"")
      ->required();
  query->add_option("--map", options.query.map, "such as postfix310 or postfix/ZONE (default: postfix)");
  query->add_option("--at", options.at, "the socketmap to ask, such as unix:/PATH");
  query->callback([&] { run = [&](const Terminal& terminal) { return run_query(options, terminal); }; });
}

void add_explain(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "explain", "look up a next hop now, and say what decides and why");
  verb->add_option("NEXTHOP", options.next_hop, "such as \"example.com\" or \"[mx.example.com]:587\"");
  verb->add_option("--map", options.explain.map, "such as postfix310 or postfix/ZONE (default: postfix)");
  verb->add_flag("--replies", options.explain.replies, "print the reply in every dialect");
  auto* save = verb->add_option("--save", options.save, "save all answers to this file");
  verb->add_option("--offline", options.offline, "replay a saved file, without the network")->excludes(save);
  verb->callback([&] { run = [&](const Terminal& terminal) { return run_explain(options, terminal); }; });
}

void add_status(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "status", "show the state of mtastsd, its resolvers and DNSSEC");
  verb->callback([&] { run = [&](const Terminal& terminal) { return run_status(options, terminal); }; });
}

void add_match(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "match", "does an mx pattern of a policy match an MX host?");
  verb->add_option("PATTERN", options.pattern, "such as \"mx.example.com\" or \"*.example.com\"")->required();
  verb->add_option("HOST", options.domain)->required();
  verb->callback([&] { run = [&](const Terminal& t) { return match(options.pattern, options.domain, t); }; });
}

void add_generate(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "generate", "what a domain should publish for MTA-STS and TLSRPT");
  verb->add_option("DOMAIN", options.generate.domain)->required();
  add_list(*verb, "--mx", options.generate.mx, "hosts for the policy (default: the live MX)");
  verb->add_option("--mode", options.generate.mode, "testing (default) or enforce")
      ->check(CLI::IsMember({"testing", "enforce"}));
  verb->add_option("--rua", options.generate.report_uri, "where TLS reports go, such as mailto:ADDRESS");
  auto* timeout = verb->add_option("--timeout", options.timeout, "to look at the MX hosts (default: 30s)");
  verb->add_flag("--no-network", options.no_network, "look at nothing; --mx names the hosts")
      ->excludes(timeout);
  verb->callback([&] { run = [&](const Terminal& terminal) { return run_generate(options, terminal); }; });
}

void add_codes(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "codes", "explain the codes of findings");
  auto* code = verb->add_option("CODE", options.codes.code, "only this one, in full, such as mx-missing");
  verb->add_flag("--markdown", options.codes.markdown, "print docs/CHECKS.md")->excludes(code);
  verb->callback([&] { run = [&](const Terminal& terminal) { return codes(options.codes, terminal); }; });
}

constexpr std::array<std::string_view, 4> with_value{"-c", "--config", "--control", "--color"};

// Returns the verb on the command line if it does not exist, or the verb after `lint` if that does not exist.
// CLI11 would report it as an unexpected argument, and ignore it beside --help.
std::optional<std::string> unknown_verb(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* parent = &app;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (std::ranges::find(with_value, word) != with_value.end()) ++i;
    if (word.empty() || word.starts_with('-')) continue;
    auto named = parent->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    if (named.empty()) return word;
    parent = named.front();
    if (parent->get_subcommands({}).empty()) break;
  }
  return std::nullopt;
}

// The exit status for wrong usage and for what can't be done. check and smtp end as monitoring plugins do.
int trouble_status(std::span<char*> arguments) noexcept {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    if (std::ranges::find(with_value, word) != with_value.end()) ++i;
    if (word.empty() || word.starts_with('-')) continue;
    return word == "check" || word == "smtp" ? int{check_unknown} : int{exit_trouble};
  }
  return exit_trouble;
}

// What can't be done, for a monitoring system that reads standard output alone. The command line may be one
// that could not be read.
void tell_monitoring(std::span<char*> arguments, std::string_view why) {
  bool monitored = std::ranges::any_of(
      arguments, [](std::string_view word) { return word == "--nagios" || word.starts_with("--nagios="); });
  if (monitored && trouble_status(arguments) == int{check_unknown})
    std::cout << nagios_unknown(why) << std::endl;
}

int refuse_verb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* each : app.get_subcommands({})) names.push_back(each->get_name());
  std::vector<std::string_view> known(names.begin(), names.end());
  auto near = nearest(word, known);
  std::cerr << "mtastsctl: there is no verb \"" << whole(word) << "\"; ";
  if (near.empty())
    std::cerr << "mtastsctl --help lists them\n";
  else
    std::cerr << "did you mean \"" << near << "\"?\n";
  return exit_trouble;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"mtastsctl - administration of mtastsd, the MTA-STS policy daemon for Postfix", "mtastsctl"};
  app.get_formatter()->column_width(26);
  Options options;
  Verb run;
  app.add_option("-c,--config", options.config,
                 std::string("configuration (default: ") + default_config_file + ")");
  app.add_option("--control", options.control, "mtastsd's control socket (default: the configured one)");
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
  add_check(app, options, run);
  add_smtp(app, options, run);
  add_generate(app, options, run);
  add_codes(app, options, run);
  if (auto word = unknown_verb(app, {argv + 1, argv + argc})) return refuse_verb(app, *word);
  try {
    app.parse(as_parsed({argv + 1, argv + argc}));
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) == 0) return exit_ok;
    tell_monitoring({argv + 1, argv + argc}, error.what());
    return trouble_status({argv + 1, argv + argc});
  }
  Terminal terminal{std::cout,         std::cerr,
                    options.json,      !options.json && use_colour(options),
                    width_of_output(), isatty(STDERR_FILENO) == 1};
  int code = run(terminal);
  if (std::cout.flush()) return code;
  terminal.trouble("the output could not be written");
  return trouble_status({argv + 1, argv + argc});
} catch (const std::exception& error) {
  std::cerr << "mtastsctl: " << error.what() << '\n';
  tell_monitoring({argv + 1, argv + argc}, error.what());
  return trouble_status({argv + 1, argv + argc});
}
