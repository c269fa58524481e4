// control_request - one line of the control socket as a value. Whoever may connect may write anything.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

inline constexpr std::size_t longest_control_request = 4096;  // octets, with the end of the line

struct ControlRequest {
  std::string verb;  // "" if the object names none
  boost::json::object object;
};

// Fault::syntax: no JSON object, with what one looks like.
Result<ControlRequest> read_control_request(std::string_view line);

}  // namespace mtasts
