// time_text - a time as RFC 3339 text in UTC, to the second: "2026-01-31T12:00:00Z".
#pragma once

#include <string>

#include "core/time.hpp"

namespace mtasts {

// Accepts any value. Times before 1970 or after 9999 (a wrong clock, hostile bytes) are shown as those
// bounds.
std::string utc_text(Time time);

}  // namespace mtasts
