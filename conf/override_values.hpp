// override_values - the kinds of value that only overrides have (mtastsd.toml(5)).
#pragma once

#include <string>
#include <string_view>

#include "conf/values.hpp"
#include "core/override.hpp"

namespace mtasts {

inline constexpr std::size_t max_override_reason = 500;  // octets

Read<OverrideAction> read_override_action(std::string_view text);  // with the nearest word, if one is near
// One line of UTF-8 that shows as it is: no controls, no line or paragraph separators, no changes of the
// direction of writing.
Read<std::string> read_override_reason(std::string_view text);

// The midnight, UTC, that ends a day; last_day() of it is that day as "2027-01-31".
Time end_of_day(int year, unsigned month, unsigned day) noexcept;
std::string last_day(Time until);  // REQUIRES: until is from end_of_day()

}  // namespace mtasts
