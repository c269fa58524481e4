// The command lines of check and smtp.
#include <iostream>

#include "cli/arguments.hpp"
#include "cli/check_shared.hpp"
#include "cli/command_line.hpp"
#include "cli/rules_in_force.hpp"
#include "conf/values.hpp"
#include "sys/system_clock.hpp"

namespace mtasts {
namespace {

// The options that check and smtp share.
void add_check_options(CLI::App& verb, Options& options) {
  verb.add_option("--timeout", options.timeout, "for a domain or a server (default: 30s)");
  verb.add_option("--warn-days", options.check.warn_days,
                  "warn of certificates that end by then (default: 14)")
      ->check(CLI::Range(0, 3650));
  add_list(verb, "--ignore", options.check.ignore, "the code of a finding that does not count");
}

int refuse_check(const Options& options, const Terminal& terminal, std::string_view what) {
  return refuse(options.check, terminal, what);
}

// Runs check or smtp with the configuration that the daemon has loaded.
int with_check_rules(Options& options, const Terminal& terminal,
                     const std::function<int(const Config&)>& verb) {
  auto timeout = read_timeout(options);
  if (!timeout) return refuse_check(options, terminal, timeout.error().detail);
  options.check.timeout = *timeout;
  auto config = configuration(options);
  auto rules = rules_in_force(config, configuration_file(options), control_of(options, config));
  if (!rules)
    return refuse_check(options, terminal, "the configuration can't be used\n" + rules.error().detail);
  print_note(*rules, terminal);
  return verb(rules->config);
}

int run_check_offline(const Options& options, const Terminal& terminal) {
  if (!options.next_hop) return check_offline(*options.offline, std::nullopt, options.check, terminal);
  auto domain = read_domain(*options.next_hop);
  if (!domain) return refuse_check(options, terminal, domain.error().detail);
  return check_offline(*options.offline, *domain, options.check, terminal);
}

int run_check_list(Options& options, const Terminal& terminal) {
  if (options.next_hop) return refuse_check(options, terminal, "either --file or DOMAIN, not both");
  auto text = read_input(options.file, std::cin);
  if (!text) return refuse_check(options, terminal, text.error().detail);
  if (text->size() >= max_input)
    return refuse_check(options, terminal, "the list is longer than 1 MiB; split it");
  return with_check_rules(options, terminal, [&](const Config& config) {
    SystemClock clock;
    return check_list(config, *text, options.check, clock, terminal);
  });
}

// What else is asked for that --watch has no use for; empty: nothing.
std::string_view against_watch(const Options& options) {
  if (!options.file.empty()) return "--watch checks one domain, not a list; leave --file out";
  if (options.offline) return "--watch asks the network, and --offline does not; leave one of them out";
  if (options.save) return "--watch makes many checks, and --save keeps one; leave one of them out";
  if (options.check.nagios)
    return "monitoring runs a check by itself, and wants one line; leave --watch or --nagios out";
  return {};
}

int run_check_watch(Options& options, const Terminal& terminal) {
  if (auto why = against_watch(options); !why.empty()) return refuse_check(options, terminal, why);
  auto pause = parse_duration(*options.watch);
  if (!pause || *pause < least_watch || *pause > most_watch)
    return refuse_check(options, terminal,
                        "--watch takes a number followed by s, m, h or d, from 10s to 1d, for example 10m");
  if (!options.next_hop)
    return refuse_check(options, terminal,
                        "--watch needs a domain, for example: mtastsctl check example.com --watch 10m");
  auto domain = read_domain(*options.next_hop);
  if (!domain) return refuse_check(options, terminal, domain.error().detail);
  return with_check_rules(options, terminal, [&](const Config& config) {
    SystemClock clock;
    return check_watch(config, *domain, options.check, *pause, clock, terminal);
  });
}

int run_check(Options& options, const Terminal& terminal) {
  if (options.watch) return run_check_watch(options, terminal);
  if (options.offline) return run_check_offline(options, terminal);
  if (!options.file.empty()) return run_check_list(options, terminal);
  if (!options.next_hop)
    return refuse_check(options, terminal, "check needs a domain, for example: mtastsctl check example.com");
  auto domain = read_domain(*options.next_hop);
  if (!domain) return refuse_check(options, terminal, domain.error().detail);
  return with_check_rules(options, terminal, [&](const Config& config) {
    SystemClock clock;
    return check(config, *domain, options.check, options.save, clock, terminal);
  });
}

int run_smtp(Options& options, const Terminal& terminal) {
  auto host = read_domain(options.domain);
  if (!host) return refuse_check(options, terminal, host.error().detail);
  return with_check_rules(options, terminal, [&](const Config& config) {
    SystemClock clock;
    return smtp(config, *host, options.ports, options.check, clock, terminal);
  });
}

}  // namespace

void add_check(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "check", "what is wrong with a domain, what happens to mail");
  verb->add_option("DOMAIN", options.next_hop, "the domain of mail addresses");
  add_check_options(*verb, options);
  verb->add_option("--postfix", options.check.postfix, "whose behaviour is predicted, such as 3.10");
  auto* nagios = verb->add_flag("--nagios", options.check.nagios, "print one line for monitoring");
  auto* save = verb->add_option("--save", options.save, "write what the network answered to this file");
  auto* offline = verb->add_option("--offline", options.offline, "replay such a file; no network is used");
  offline->excludes(save);
  verb->add_option("--file", options.file, "check each line of a list; - reads stdin")
      ->excludes(nagios)
      ->excludes(save)
      ->excludes(offline);
  verb->add_option("--watch", options.watch, "check again and again, this long after the last time");
  verb->callback([&] { run = [&](const Terminal& terminal) { return run_check(options, terminal); }; });
}

void add_smtp(CLI::App& app, Options& options, Verb& run) {
  auto* verb = add_verb(app, "smtp", "what is wrong with a mail server, up to TLS");
  verb->add_option("HOST", options.domain, "the name of the server, such as an MX host")->required();
  add_list(*verb, "--ports", options.ports, "25: servers; 465, 587: users (default: all)")
      ->check(CLI::Range(1, 65535));
  add_check_options(*verb, options);
  verb->add_flag("--nagios", options.check.nagios, "print one line for monitoring");
  verb->callback([&] { run = [&](const Terminal& terminal) { return run_smtp(options, terminal); }; });
}

}  // namespace mtasts
