// flight_log - what a flight found out, as lines of the log.
#pragma once

#include "lookup/flights.hpp"
#include "service/log.hpp"

namespace mtasts {

// One line for the look at the policy, a warning where a policy can't be refreshed (STS-29); one more when a
// policy has changed; one for each next hop's DANE state: at info where it is secure or could not be decided.
void log_flight(Log& log, const FlightReport& report);

// A warning: so long is the longest due policy overdue.
void log_late_refreshes(Log& log, std::chrono::seconds late);

}  // namespace mtasts
