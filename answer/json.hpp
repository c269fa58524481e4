// json - text, times and findings as JSON values, and JSON in octets that are safe on a terminal and in a
// log.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/finding.hpp"
#include "core/time.hpp"

namespace mtasts {

boost::json::string to_json(std::string_view text);
boost::json::array to_json(const Findings& findings);  // [{"code","severity","message"}…]

// "2026-01-31T12:00:00Z", in UTC; null for Time{}, which stands for never.
boost::json::value time_or_null(Time time);

// The serialized value. Everything but printable ASCII is escaped as \uXXXX; octets that are not valid UTF-8
// become U+FFFD.
std::string ascii_json(const boost::json::value& value);

}  // namespace mtasts
