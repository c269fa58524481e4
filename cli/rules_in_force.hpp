// rules_in_force - gets the configuration that the running mtastsd has loaded. list, show and explain use it,
// because the file may have changed since, and what they say must be true of the daemon.
#pragma once

#include <string>

#include "cli/terminal.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"

namespace mtasts {

struct RulesInForce {
  Config config;
  std::string
      note;  // what the user must know about config; empty if it is the daemon's and the file has not changed
};

// Asks the daemon at the control socket. If that fails, the result is the file's configuration, and the note
// says so; so it is if file_name is another file than the daemon's. An error only if neither can be had.
Result<RulesInForce> rules_in_force(const Result<Config>& file, const std::string& file_name,
                                    const std::string& control);

// Prints the note, if any, to standard error, so that it does not disturb a program that reads the output.
void print_note(const RulesInForce& rules, const Terminal& terminal);

}  // namespace mtasts
