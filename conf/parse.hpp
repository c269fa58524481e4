// parse - turns the text of mtastsd.toml into a Config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace mtasts {

// Where the default paths are: in $STATE_DIRECTORY and $RUNTIME_DIRECTORY, else in /var/lib and /run if this
// user can write there, else below $XDG_STATE_HOME or ~/.local/state. main() finds them once, so that parsing
// stays pure.
struct DefaultPaths {
  std::string state;    // folder for the cache: "/var/lib/mtastsd"
  std::string control;  // "/run/mtastsd/control.sock"
};

DefaultPaths default_paths();

struct Parsed {
  Config config;
  // Keys without effect in this version, overrides that are over, and the like; one line each.
  std::vector<std::string> warnings;
  std::string text = {};  // the file's octets; only load_config() sets it
};

// file: the file's name, for messages. Fault::config or Fault::syntax: detail has all problems, one on each
// line, as "FILE:LINE: key: what; remedy". Never throws on any bytes. now: overrides that are over by then
// give a warning; with the default none is.
Result<Parsed> parse_config(std::string_view text, std::string_view file, const DefaultPaths& defaults,
                            Time now = Time::min());

// Reads and parses a file. A missing file is an error (the caller decides whether there must be one). So is a
// file without any content, which is what is left when a write is cut short.
Result<Parsed> load_config(const std::string& path, const DefaultPaths& defaults, Time now = Time::min());

inline constexpr const char* default_config_file = "/etc/mtastsd/mtastsd.toml";

// Loads the file; if its name is empty, the default one if it exists, and file becomes its name; else the
// defaults, and file stays empty. A file whose existence can't be checked counts as existing: without it the
// daemon would ignore what it demands. Errors as above.
Result<Parsed> find_config(std::string& file, const DefaultPaths& defaults, Time now);

// The effective configuration as TOML, for mtastsd --check-config. parse_config() makes the same Config of
// it.
std::string to_toml(const Config& config);

}  // namespace mtasts
