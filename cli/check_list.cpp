// The verb check for a list of domains.
#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <sstream>

#include "cli/check_network.hpp"
#include "cli/check_shared.hpp"
#include "cli/commands.hpp"
#include "diagnose/run_to_end.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t domains_at_once = 8;

struct Checked {
  std::string text;  // what is printed
  int code = check_unknown;
};

// A list while it is checked. Every worker takes the next line until there is none.
struct ListRun {
  const CheckNetwork& network;
  const CheckOptions& options;
  const Clock& clock;
  const Terminal& terminal;
  std::vector<std::string> lines;
  std::vector<std::optional<Checked>> results{};  // of each line; nullopt: under way
  std::size_t next = 0;                           // line to check
  std::size_t printed = 0;                        // lines whose results are printed
  int worst = check_ok;
};

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  auto first = line.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = trimmed(text.substr(0, end));
    if (!line.empty() && !line.starts_with('#')) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A line that can't be checked.
Checked not_checked(const ListRun& run, const std::string& line, std::string_view why) {
  std::ostringstream out;
  Terminal terminal{out, run.terminal.err, run.terminal.json, run.terminal.colour, run.terminal.width};
  CheckReport report;
  report.subject = printable(line, 300);
  if (terminal.json) {
    auto object = check_object(report);
    object["error"] = to_json(why);
    terminal.print_json(object);
  } else {
    terminal.print(wrapped(fmt::format("{}: unknown: {}", report.subject, why), 2));
  }
  return {out.str(), check_unknown};
}

asio::awaitable<Checked> check_line(const ListRun& run, const std::string& line) {
  auto begin = steady_clock::now();
  auto domain = read_domain(line);
  if (!domain) co_return not_checked(run, line, domain.error().detail);
  auto inputs = check_inputs(run.network, *domain, run.options, run.clock);
  if (!inputs) co_return not_checked(run, line, whole(inputs.error().detail));
  auto report = co_await check_over(run.network, *std::move(inputs), begin, begin + run.options.timeout,
                                    [](std::string_view) {});
  std::ostringstream out;
  Terminal terminal{out, run.terminal.err, run.terminal.json, run.terminal.colour, run.terminal.width};
  int code = finish(std::move(report), run.options, terminal, true);
  co_return Checked{out.str(), code};
}

// From good to bad.
int rank(int code) noexcept {
  if (code == check_error) return 3;
  return code == check_unknown ? 2 : code;
}

void print_ready(ListRun& run) {
  for (; run.printed < run.results.size() && run.results[run.printed]; ++run.printed) {
    Checked& ready = *run.results[run.printed];
    run.terminal.out << ready.text << std::flush;
    ready.text = {};
    if (rank(ready.code) > rank(run.worst)) run.worst = ready.code;
  }
}

asio::awaitable<bool> work(ListRun& run) {
  while (run.next < run.lines.size()) {
    std::size_t at = run.next++;
    try {
      run.results[at] = co_await check_line(run, run.lines[at]);
    } catch (const std::exception& error) {
      run.results[at] = not_checked(run, run.lines[at], printable(error.what(), 300));
    }
    print_ready(run);
  }
  co_return true;
}

// The first line that is a domain.
std::optional<DomainArgument> first_domain(const std::vector<std::string>& lines) {
  for (const std::string& each : lines)
    if (auto domain = read_domain(each)) return *std::move(domain);
  return std::nullopt;
}

asio::awaitable<bool> check_all(ListRun& run) {
  std::vector<asio::awaitable<bool>> workers;
  for (std::size_t i = 0; i < domains_at_once; ++i) workers.push_back(work(run));
  co_await gather(std::move(workers), nullptr);
  co_return true;
}

}  // namespace

int check_list(const Config& config, std::string_view text, const CheckOptions& options, const Clock& clock,
               const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(options, terminal, wrong);
  std::vector<std::string> lines = lines_of(text);
  auto first = first_domain(lines);
  if (!first) return refuse(options, terminal, "the list has no domain; write one on each line");
  WorkLoop loop;
  auto network = open_check_network(loop, config, *first, options, clock, {options.timeout / 2});
  if (!network) return refuse(options, terminal, whole(network.error().detail));
  ListRun run{*network, options, clock, terminal, std::move(lines)};
  run.results.resize(run.lines.size());
  run_to_end(loop, check_all(run));
  return run.worst;
}

}  // namespace mtasts
