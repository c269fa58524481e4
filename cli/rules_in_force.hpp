// rules_in_force - the configuration that the running mtastsd has loaded. What list, show and explain say
// about overrides and rules is to be true of the daemon, and the file may have been changed since.
#pragma once

#include <string>

#include "cli/terminal.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"

namespace mtasts {

struct RulesInForce {
  Config config;
  std::string note;  // what the reader has to know about it; empty: the daemon's, and its file is the same
};

// Asks the daemon at the control socket. Where that can't be done the file's configuration is taken, and the
// note says so. An error only if there is neither.
Result<RulesInForce> rules_in_force(const Result<Config>& file, const std::string& file_name,
                                    const std::string& control);

// Prints the note, if there is one, on standard error, where it does not disturb a program that reads the
// output.
void print_note(const RulesInForce& rules, const Terminal& terminal);

}  // namespace mtasts
