// control_client - sends one request to a running mtastsd over its control socket (mtastsd(8),
// service/control).
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "core/result.hpp"
#include "service/control_verb.hpp"

namespace mtasts {

// Returns the object that answers the verb. Blocks for at most limit. An answer above 8 MiB is refused.
// Fault::network: nobody listens, or this user may not connect. Fault::timeout: no whole answer within limit.
// Fault::protocol: the answer is not a JSON object. Fault::config: the daemon answered {"error":…}. detail
// says what to do.
Result<boost::json::object> ask_daemon(const std::string& path, ControlVerb verb,
                                       std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace mtasts
