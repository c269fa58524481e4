// words - times, spans and states of the cache in words for people.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/decide.hpp"

namespace mtasts {

std::string span_in_words(std::chrono::seconds span);  // "6 days", "1 hour", "0 seconds"; rounded down
std::string from_now(Time time, Time now);             // "in 6 days", "2 hours ago", "now"
std::string when(Time time, Time now);                 // "2026-01-31 12:00:00 UTC, in 6 days"; "never" for 0

std::string local_time(Time time);  // "2026-01-31 13:00:00 +0100", in the zone of the host

std::string_view state_code(StsState state) noexcept;      // "current", "no-record", "not-asked", …; stable
std::string_view state_in_words(StsState state) noexcept;  // a clause, without a full stop

// A code for the cached DANE state at the time now: "usable" (TLSA records of all MX hosts), "partial" (of
// some), "unusable", "none", "failed" (a lookup failed), "insecure", "null-mx", "bogus", "expired"; "" if no
// state is cached. Stable.
std::string_view dane_code(const std::optional<DaneView>& dane, Time now) noexcept;

// "no-policy, until 2026-01-31 12:00:00 UTC, in 6 days: the reason"; in printable ASCII.
std::string override_in_words(const Override& over);  // with its last day as the file has it

}  // namespace mtasts
