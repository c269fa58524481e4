// daemon - the parts put together: cache, resolve thread, answer threads, listeners, signals.
#pragma once

#include <string>

#include "conf/parse.hpp"

namespace mtasts {

struct DaemonOptions {
  std::string config_file;  // empty: none, on the defaults
  DefaultPaths paths;
};

// Runs until SIGTERM or SIGINT; SIGHUP reloads. Returns the exit status: 0, or 1 with the cause logged.
int run_daemon(const DaemonOptions& options, Parsed parsed);

}  // namespace mtasts
