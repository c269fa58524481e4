// check_network - what checks ask the network through: DNS, HTTPS and SMTP as the configuration says. Several
// checks may use it at the same time, on its loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/check_print.hpp"
#include "cli/commands.hpp"
#include "cli/explain_live.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/hurried_ports.hpp"
#include "diagnose/run_to_end.hpp"

namespace mtasts {

struct CheckNetwork {
  Config config;        // with limits that fit into a check's time; what fails by them is marked so
  ExplainInputs first;  // of the domain that it was opened for: how names are resolved, what Postfix can do
  Choice choice;
  std::unique_ptr<Fetch> patient_fetch;
  std::unique_ptr<HurriedDns> dns, plain_dns;  // ask through choice; plain_dns: nullptr if there is none
  std::unique_ptr<HurriedFetch> fetch;
  std::unique_ptr<Smtp> smtp;
  std::unique_ptr<NameServers> name_servers;
  std::string postfix_version;  // whose behaviour is predicted
  LateWork late;                // the last member

  CheckPorts ports() const noexcept {
    return {*dns, plain_dns ? *plain_dns : *dns, *fetch, *smtp, *name_servers};
  }
};

// Dialogues must end before the check that needs them. Then it is known how far they came.
struct DialogueLimits {
  std::chrono::milliseconds timeout;  // of each
  std::chrono::steady_clock::time_point done_by =
      std::chrono::steady_clock::time_point::max();  // all of them
};

// Finds out how to resolve, and makes the rest. Blocks while DNS is tried, for some seconds at most. The
// loop must outlive it, and can't be run any more once it is gone. Fault::config: a file or an option can't
// be used.
Result<CheckNetwork> open_check_network(WorkLoop& loop, const Config& config, const DomainArgument& domain,
                                        const CheckOptions& options, const Clock& clock,
                                        const DialogueLimits& limits);

// What a domain's check is judged by.
CheckInputs check_inputs(const CheckNetwork& network, ExplainInputs explain, const DomainArgument& domain,
                         const CheckOptions& options);

// The same for another domain than the first. Errors as prepare_another().
Result<CheckInputs> check_inputs(const CheckNetwork& network, const DomainArgument& domain,
                                 const CheckOptions& options, const Clock& clock);

// What a check found. took: 0 if the network was not used.
CheckReport report_of(const CheckInputs& inputs, const Examination& all, std::chrono::milliseconds took);

// Asks, from begin to the deadline, and judges. done: as for collect().
boost::asio::awaitable<CheckReport> check_over(const CheckNetwork& network, CheckInputs inputs,
                                               std::chrono::steady_clock::time_point begin,
                                               std::chrono::steady_clock::time_point deadline,
                                               std::function<void(std::string_view)> done);

}  // namespace mtasts
