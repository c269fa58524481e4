// override_values - the kinds of value that only overrides have (mtastsd.toml(5)).
#pragma once

#include <string>
#include <string_view>

#include "conf/values.hpp"
#include "core/override.hpp"

namespace mtasts {

inline constexpr std::size_t max_override_reason = 500;  // octets

Read<OverrideAction> read_override_action(std::string_view text);  // the error suggests a word that is near
// One line of UTF-8 that is displayed as it is: no control characters, no line or paragraph separators, no
// changes of the writing direction.
Read<std::string> read_override_reason(std::string_view text);

// The midnight, UTC, at the end of a day. last_day() turns it into that day again: "2027-01-31".
Time end_of_day(int year, unsigned month, unsigned day) noexcept;
std::string last_day(Time until);  // REQUIRES: until is from end_of_day()

}  // namespace mtasts
