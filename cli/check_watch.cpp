// The verb check with --watch: again and again, and only what changes is printed.
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/json/array.hpp>
#include <cerrno>
#include <csignal>
#include <functional>
#include <iterator>
#include <optional>
#include <system_error>

#include "cli/check_changes.hpp"
#include "cli/check_network.hpp"
#include "cli/check_shared.hpp"
#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "core/time_text.hpp"
#include "diagnose/run_to_end.hpp"
#include "sys/fd.hpp"

namespace mtasts {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

struct Watch {
  const Config& config;
  const DomainArgument& domain;
  const CheckOptions& options;
  const Clock& clock;
  const Terminal& terminal;
  Fd signals;  // readable from the first SIGINT or SIGTERM on
};

// From now on these signals end nothing by themselves. They are never read, so they are seen whenever
// somebody looks.
Fd catch_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  Fd signals;
  if (pthread_sigmask(SIG_BLOCK, &ends, nullptr) == 0) signals = Fd(signalfd(-1, &ends, SFD_CLOEXEC));
  if (!signals) throw std::system_error(errno, std::system_category(), "signals can't be caught");
  return signals;
}

// Waits that long. True: a signal has come.
bool told_to_end(const Fd& signals, milliseconds time) {
  auto end = steady_clock::now() + time;
  pollfd each{signals.get(), POLLIN, 0};
  for (;;) {
    auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    int ready = poll(&each, 1, static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (ready > 0) return true;
    if (ready == 0 && left <= milliseconds(0)) return false;
  }
}

// One check, with its own connections and without what DNS or TLS has kept from the last one. nullopt: a
// signal has come. Fault::config: it can't be made.
Result<std::optional<CheckReport>> check_now(const Watch& watch, std::function<void(std::string_view)> done) {
  auto begin = steady_clock::now();
  auto deadline = begin + watch.options.timeout;
  WorkLoop loop;
  asio::posix::stream_descriptor signals(loop, ::dup(watch.signals.get()));
  bool stop = false;
  signals.async_wait(asio::posix::stream_descriptor::wait_read,
                     [&stop](const boost::system::error_code& error) { stop = !error; });
  auto network = open_check_network(loop, watch.config, watch.domain, watch.options, watch.clock,
                                    {watch.options.timeout, deadline - watch.options.timeout / 20});
  if (!network) return std::unexpected(std::move(network.error()));
  CheckInputs inputs = check_inputs(*network, network->first, watch.domain, watch.options);
  auto work = check_over(*network, std::move(inputs), begin, deadline, std::move(done));
  auto report = run_until(loop, std::move(work), stop);
  if (!report) return std::nullopt;
  return without_ignored(*std::move(report), watch.options);
}

void print_text(const CheckReport& now, const CheckChanges& changes, const Watch& watch) {
  const Terminal& terminal = watch.terminal;
  terminal.print(fmt::format("\n{}", local_time(watch.clock.now())));
  print_verdict(now, terminal);
  for (const CheckStep& each : changes.unknown) print_step(each, terminal);
  for (const CheckStep& each : changes.known) print_step(each, terminal);
  for (const Finding& each : changes.appeared) print_finding(each, terminal, "new: ");
  for (const ChangedSeverity& each : changes.severities)
    print_finding(each.finding, terminal, fmt::format("was {}, now: ", words(each.was)));
  for (const Finding& each : changes.gone)
    terminal.print(wrapped(fmt::format("gone: {} {}: {}", words(each.severity), each.code, each.message), 2));
}

json::array objects_of(const Findings& findings) {
  json::array array;
  for (const Finding& each : findings) array.push_back(finding_object(each));
  return array;
}

json::array objects_of(const std::vector<CheckStep>& steps) {
  json::array array;
  for (const CheckStep& each : steps) array.push_back(step_object(each));
  return array;
}

json::array objects_of(const std::vector<ChangedSeverity>& severities) {
  json::array array;
  for (const ChangedSeverity& each : severities) {
    json::object object = finding_object(each.finding);
    object["was"] = to_json(words(each.was));
    array.push_back(std::move(object));
  }
  return array;
}

void print_changes(const CheckReport& now, const CheckChanges& changes, const Watch& watch) {
  if (!watch.terminal.json) return print_text(now, changes, watch);
  json::object object{{"time", to_json(utc_text(watch.clock.now()))},
                      {"domain", to_json(now.subject)},
                      {"verdict", to_json(words(now.overall))},
                      {"outcome", nullptr},
                      {"appeared", objects_of(changes.appeared)},
                      {"gone", objects_of(changes.gone)},
                      {"changed", objects_of(changes.severities)},
                      {"unknown", objects_of(changes.unknown)},
                      {"known", objects_of(changes.known)}};
  if (now.prediction) object["outcome"] = to_json(words(now.prediction->outcome));
  watch.terminal.print_json(object);
}

// Checks until a signal comes, or the output can't be written. Returns what the last check found.
int watch_on(const Watch& watch, CheckReport known, milliseconds pause) {
  int code = check_exit(known.overall);
  while (watch.terminal.out.flush() && !told_to_end(watch.signals, pause)) {
    auto checked = check_now(watch, [](std::string_view) {});
    if (checked && !*checked) break;
    CheckReport now = checked ? **std::move(checked) : nothing_learned(known, checked.error().detail);
    CheckChanges changes = changes_between(known, now);
    if (changes.any()) print_changes(now, changes, watch);
    code = check_exit(now.overall);
    std::ranges::move(still_open(known, now), std::back_inserter(now.findings));
    known = std::move(now);
  }
  return code;
}

}  // namespace

int check_watch(const Config& config, const DomainArgument& domain, const CheckOptions& options,
                milliseconds pause, const Clock& clock, const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(options, terminal, wrong);
  Watch watch{config, domain, options, clock, terminal, catch_signals()};
  auto first = check_now(watch, progress(options, terminal));
  if (!first) return refuse(options, terminal, whole(first.error().detail));
  if (!*first) return check_unknown;
  finish(**first, options, terminal);
  return watch_on(watch, **std::move(first), pause);
}

}  // namespace mtasts
