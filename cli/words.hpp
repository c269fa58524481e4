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

std::string_view state_code(
    StsState state) noexcept;  // "current", "no-record", "not-asked", "fetch-failed": stable
std::string_view state_in_words(StsState state) noexcept;  // a sentence without its full stop

// Of a stored state, at its date: "usable" (all MX hosts), "partial" (some), "unusable", "none", "failed"
// (a lookup failed), "insecure", "null-mx", "bogus", "expired"; "" if none is stored. Stable.
std::string_view dane_code(const std::optional<DaneView>& dane, Time now) noexcept;

// "no-policy, until 2026-01-31 12:00:00 UTC, in 6 days: the reason"; in printable ASCII.
std::string override_in_words(const Override& over);  // its last day as it is written in the file

}  // namespace mtasts
