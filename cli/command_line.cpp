#include "cli/command_line.hpp"

#include "cli/arguments.hpp"
#include "conf/parse.hpp"
#include "conf/values.hpp"

namespace mtasts {

CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& text) {
  auto* verb = parent.add_subcommand(name, text);
  verb->fallthrough();
  return verb;
}

std::string configuration_file(const Options& options) {
  return options.config.empty() && is_there(default_config_file) ? default_config_file : options.config;
}

Result<Config> configuration(const Options& options) {
  std::string file = configuration_file(options);
  auto parsed =
      file.empty() ? parse_config("", "defaults", default_paths()) : load_config(file, default_paths());
  if (!parsed) return std::unexpected(parsed.error());
  return std::move(parsed->config);
}

std::string control_of(const Options& options, const Result<Config>& config) {
  if (!options.control.empty()) return options.control;
  return config ? config->listen.control : default_paths().control;
}

Result<std::chrono::milliseconds> read_timeout(const Options& options) {
  auto timeout = parse_duration(options.timeout);
  if (timeout && *timeout >= std::chrono::seconds(1) && *timeout <= std::chrono::minutes(10)) return *timeout;
  return fail(Fault::syntax, "--timeout takes a number followed by s or m, from 1s to 10m, for example 30s");
}

}  // namespace mtasts
