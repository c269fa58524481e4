// survey_submission - the servers to which the domain's users hand in their mail, as SRV records name them
// (RFC 6186, RFC 8314). Part of examine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "diagnose/survey.hpp"

namespace mtasts {

// A gate is shut until the last pass for it is let go. One waits for it as for a timer.
using Gate = boost::asio::steady_timer;
using GatePass = std::shared_ptr<const void>;
GatePass pass_of(std::shared_ptr<Gate> gate);

// Asks at once which hosts there are, and talks to them once the gate is open: one connection at a time goes
// to an address, and a slow dialogue of theirs must not delay one with an MX host. done: is told
// "submission".
boost::asio::awaitable<bool> survey_submission(std::shared_ptr<Survey> all, CheckPorts ports,
                                               DomainName domain, std::shared_ptr<Gate> gate,
                                               std::function<void(std::string_view)> done);

}  // namespace mtasts
