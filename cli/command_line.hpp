// command_line - what main.cpp and the files that it shares its work with know of the command line: the
// options of all verbs, and how a verb is added. Only the program has these, not the library cli.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"

namespace mtasts {

struct Options {
  std::string config, colour = "auto";
  bool json = false;
  std::vector<std::string> records;
  std::string file, expiring, pattern, domain;
  HttpAnswerFacts http;
  ListOptions list;
  QueryOptions query;
  ExplainQuestion explain;
  CodesOptions codes;
  CheckOptions check;
  std::string timeout = "30s";
  std::vector<unsigned> ports;
  GenerateOptions generate;
  bool no_network = false;
  std::optional<std::string> next_hop, save, offline, watch, policy_domain;
  std::string control, at;
};

// Runs the verb that was found, once everything is read.
using Verb = std::function<int(const Terminal&)>;

// Options may stand before and after the verb, so each verb passes unknown options to its parent.
CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& text);

// An option that may be given several times, each time with one value or with several and commas between
// them. CLI11 would also take the arguments after it, such as the domain.
template <class T>
CLI::Option* add_list(CLI::App& verb, const std::string& name, std::vector<T>& values,
                      const std::string& text) {
  return verb.add_option(name, values, text)->delimiter(',')->allow_extra_args(false);
}

// check and smtp. options and run must outlive the parsing; run is set if the verb is the one.
void add_check(CLI::App& app, Options& options, Verb& run);
void add_smtp(CLI::App& app, Options& options, Verb& run);

// The file to read; "" if there is none.
std::string configuration_file(const Options& options);
// What it says, or the defaults. Fault::config: it can't be used.
Result<Config> configuration(const Options& options);
// The control socket: the one of --control, else that of the file, else the default.
std::string control_of(const Options& options, const Result<Config>& config);

// --timeout. Fault::syntax: it is none.
Result<std::chrono::milliseconds> read_timeout(const Options& options);

}  // namespace mtasts
