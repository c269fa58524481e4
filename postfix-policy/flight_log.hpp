// flight_log - logs what a flight found out.
#pragma once

#include "lookup/flights.hpp"
#include "service/log.hpp"

namespace mtasts {

// Logs one line for the policy lookup, as a warning if a policy could not be refreshed (STS-29); one more if
// the policy changed; and one for each DANE state, at level info if the MX is secure or the lookup decided
// nothing.
void log_flight(Log& log, const FlightReport& report);

// Warns that refreshes are late. late: how long the policy that is due longest has been due.
void log_late_refreshes(Log& log, std::chrono::seconds late);

}  // namespace mtasts
