#include "cli/live_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/check_network.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/run_to_end.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::steady_clock;

Result<LiveHosts> look_at_hosts(const Config& config, const DomainArgument& domain,
                                std::chrono::milliseconds timeout, const Clock& clock,
                                const Terminal& terminal) {
  auto deadline = steady_clock::now() + timeout;
  CheckOptions options;
  options.timeout = timeout;
  WorkLoop loop;
  auto network = open_check_network(loop, config, domain, options, clock, {timeout, deadline - timeout / 20});
  if (!network) return std::unexpected(std::move(network.error()));
  CheckInputs inputs = check_inputs(*network, network->first, domain, options);
  auto done = [&terminal](std::string_view part) {
    if (terminal.shows_progress && !terminal.json) terminal.err << "looked at: " << part << std::endl;
  };
  Trace trace = run_to_end(loop, collect(network->ports(), inputs.explain, deadline, done));
  auto live = live_hosts(inputs, std::move(trace));
  if (!live) return fail(Fault::syntax, fmt::format("{} has no policy domain", in_quotes(domain.domain)));
  return *std::move(live);
}

std::string verdict_words(const HostVerdict& host) {
  if (host.passes == true) return "passes";
  return fmt::format("{}: {}", host.passes ? "fails" : "not known", whole(host.reason));
}

boost::json::array to_json(const std::vector<HostVerdict>& hosts) {
  boost::json::array array;
  for (const HostVerdict& each : hosts) {
    boost::json::object object{
        {"host", to_json(each.host)}, {"passes", nullptr}, {"reason", to_json(each.reason)}};
    if (each.passes) object["passes"] = *each.passes;
    array.push_back(std::move(object));
  }
  return array;
}

std::string joined_reasons(const std::vector<HostVerdict>& hosts, std::optional<bool> passes) {
  std::vector<std::string_view> known;
  std::string text;
  for (const HostVerdict& each : hosts) {
    if (each.passes != passes || std::ranges::find(known, each.reason) != known.end()) continue;
    known.emplace_back(each.reason);
    text.append(text.empty() ? "" : "; ").append(whole(each.reason));
  }
  return text;
}

}  // namespace mtasts
