// time_text - a time as RFC 3339 text in UTC, to the second: "2026-01-31T12:00:00Z".
#pragma once

#include <string>

#include "core/time.hpp"

namespace mtasts {

// Any value is taken: times before 1970 or after 9999 (a clock gone wrong, hostile bytes) are shown as those
// bounds.
std::string utc_text(Time time);

}  // namespace mtasts
