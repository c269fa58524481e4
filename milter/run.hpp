// run - puts mtasts-milter together: log, sockets, libmilter, signals.
#pragma once

#include <string>

#include "conf/parse.hpp"

namespace mtasts {

struct MilterOptions {
  std::string config_file;  // empty: there is none, and the defaults count
  DefaultPaths paths;
};

// Checks whether the milter could start with this configuration on this host: its socket, the group and the
// user. Changes nothing. Fault::config: detail says what is wrong and what to do.
Result<void> check_milter_start(const Config& config);

// Runs until SIGTERM or SIGINT; SIGHUP reloads. Returns the exit status: 0, or 1 with the cause logged.
// Threads of libmilter may still run then, so the caller must end the process by std::_Exit().
int run_milter(const MilterOptions& options, Parsed parsed);

}  // namespace mtasts
