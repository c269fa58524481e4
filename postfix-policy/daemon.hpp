// daemon - puts mtastsd together: cache, resolve thread, answer threads, listeners, signals.
#pragma once

#include <string>

#include "conf/parse.hpp"

namespace mtasts {

struct DaemonOptions {
  std::string config_file;  // empty: there is none, and the defaults count
  DefaultPaths paths;
};

// Runs until SIGTERM or SIGINT; SIGHUP reloads. Returns the exit status: 0, or 1 with the cause logged.
int run_daemon(const DaemonOptions& options, Parsed parsed);

}  // namespace mtasts
