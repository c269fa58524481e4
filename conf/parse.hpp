// parse - text of mtastsd.toml to Config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace mtasts {

// Where default paths lie: from $STATE_DIRECTORY and $RUNTIME_DIRECTORY, else /var/lib and /run when writable
// for this user, else below $XDG_STATE_HOME or ~/.local/state. Gathered once in main(), so that parsing stays
// pure.
struct DefaultPaths {
  std::string state;    // folder for the cache: "/var/lib/mtastsd"
  std::string control;  // "/run/mtastsd/control.sock"
};

DefaultPaths default_paths();

struct Parsed {
  Config config;
  std::vector<std::string> warnings;  // keys without effect in this version, overrides that are over, and
                                      // the like; one line each
  std::string text = {};              // the file's octets, from load_config() only
};

// file: the name to put into messages. Fault::config or Fault::syntax; detail is "FILE:LINE: key: what;
// remedy", one line a problem, all problems at once. Never throws on any bytes. now: for the warning of an
// override that is over; at its default none is.
Result<Parsed> parse_config(std::string_view text, std::string_view file, const DefaultPaths& defaults,
                            Time now = Time::min());

// Reads and parses a file. A missing file is an error (the caller decides whether there must be one), and so
// is one without any content: it was cut short.
Result<Parsed> load_config(const std::string& path, const DefaultPaths& defaults, Time now = Time::min());

// The effective configuration as TOML that parse_config takes back to the same Config (mtastsd
// --check-config).
std::string to_toml(const Config& config);

}  // namespace mtasts
