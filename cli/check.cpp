// The verb check for one domain: over the network now, or from a saved file.
#include <fmt/format.h>

#include <cstring>

#include "cli/check_network.hpp"
#include "cli/check_shared.hpp"
#include "cli/commands.hpp"
#include "cli/new_file.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/run_to_end.hpp"
#include "diagnose/trace_file.hpp"
#include "sys/small_file.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// What is wrong; empty: it is saved.
std::string save(const std::string& file, const CheckInputs& inputs, const Trace& trace,
                 const Terminal& terminal) {
  auto written = write_new_file(file, write_trace(inputs, trace));
  if (!written) return whole(written.error().detail);
  terminal.err << fmt::format("mtastsctl: {} {}; replay it with --offline\n", whole(file),
                              *written ? "replaced" : "written");
  return {};
}

// A saved check, or what is wrong with the file in words.
std::expected<SavedTrace, std::string> read_saved(const std::string& file) {
  std::string name = printable(file, 300);
  auto text = read_file(file, max_trace_file + 1);
  if (!text)
    return std::unexpected(fmt::format("{} cannot be read: {}; name a file that check --save has written",
                                       name, std::strerror(text.error())));
  auto saved = read_trace(*text);
  if (!saved) return std::unexpected(fmt::format("{} can't be replayed: {}", name, saved.error().detail));
  if (!saved->check)
    return std::unexpected(
        fmt::format("{} was saved by explain; replay it with mtastsctl explain --offline", name));
  return *std::move(saved);
}

}  // namespace

int check(const Config& config, const DomainArgument& domain, const CheckOptions& options,
          const std::optional<std::string>& save_to, const Clock& clock, const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(options, terminal, wrong);
  if (save_to)
    if (auto possible = try_new_file(*save_to); !possible)
      return refuse(options, terminal, whole(possible.error().detail));
  auto begin = steady_clock::now();
  auto deadline = begin + options.timeout;
  WorkLoop loop;
  auto network = open_check_network(loop, config, domain, options, clock,
                                    {options.timeout, deadline - options.timeout / 20});
  if (!network) return refuse(options, terminal, whole(network.error().detail));
  CheckInputs inputs = check_inputs(*network, network->first, domain, options);
  Trace trace =
      run_to_end(loop, collect(network->ports(), inputs.explain, deadline, progress(options, terminal)));
  fit_trace(inputs, trace);
  std::string not_saved = save_to ? save(*save_to, inputs, trace, terminal) : std::string();
  Examination all = examine(inputs, std::move(trace));
  auto took = std::chrono::floor<milliseconds>(steady_clock::now() - begin);
  int code = finish(report_of(inputs, all, took), options, terminal);
  if (not_saved.empty()) return code;
  terminal.trouble(not_saved);
  return check_unknown;
}

int check_offline(const std::string& file, const std::optional<DomainArgument>& domain,
                  const CheckOptions& options, const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(options, terminal, wrong);
  auto saved = read_saved(file);
  if (!saved) return refuse(options, terminal, saved.error());
  std::string about = printable(saved->inputs.next_hop, 300);
  if (domain && domain->domain != saved->inputs.next_hop)
    return refuse(options, terminal,
                  fmt::format("{} is about {}; leave DOMAIN out to replay it", printable(file, 300), about));
  CheckInputs& inputs = *saved->check;
  inputs.warn_days = options.warn_days.value_or(inputs.warn_days);
  if (!options.postfix.empty()) inputs.postfix_version = options.postfix;
  Examination all = examine(inputs, std::move(saved->trace));
  return finish(report_of(inputs, all, milliseconds(0)), options, terminal);
}

}  // namespace mtasts
