// check_shared - what the verbs check and smtp share: their options, their limits of time, and how they end.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "cli/check_print.hpp"
#include "cli/commands.hpp"
#include "conf/config.hpp"
#include "net/smtp/smtp_client.hpp"

namespace mtasts {

// What is wrong with the options; empty: nothing.
std::string wrong_options(const CheckOptions& options);

// Says that the verb can't do its work, also in the line for monitoring. Returns check_unknown.
int refuse(const CheckOptions& options, const Terminal& terminal, std::string_view what);

// The configuration with limits that leave time for what comes after: DNS is asked several times in a row.
Config within(Config config, std::chrono::milliseconds timeout);

SmtpOptions smtp_options(const Config& config, std::chrono::milliseconds timeout);

// Whole days from now until then; negative: since then.
std::optional<long> days_until(const std::optional<Time>& then, Time now);

// Is told which part of a check has ended, and prints it if somebody watches. The terminal must outlive it.
std::function<void(std::string_view)> progress(const CheckOptions& options, const Terminal& terminal);

// The report without the findings that do not count.
CheckReport without_ignored(CheckReport report, const CheckOptions& options);

// Leaves out what is ignored and prints the rest. brief: as in print_check(). Returns the exit status.
int finish(CheckReport report, const CheckOptions& options, const Terminal& terminal, bool brief = false);

}  // namespace mtasts
