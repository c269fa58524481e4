// control_request - parses one line from the control socket. The line is hostile: a client may write
// anything.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

inline constexpr std::size_t longest_control_request = 4096;  // octets, with the line feed

struct ControlRequest {
  std::string verb;  // "" if the object has no verb that is a string
  boost::json::object object;
};

// Fault::syntax: the line is not a JSON object; detail shows what a request looks like.
Result<ControlRequest> read_control_request(std::string_view line);

}  // namespace mtasts
