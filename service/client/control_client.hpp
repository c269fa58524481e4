// control_client - one request to a running mtastsd over its control socket (mtastsd(8),
// service/control).
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "core/result.hpp"
#include "service/control_verb.hpp"

namespace mtasts {

// The object that answers the verb. Blocks, at most for limit. An answer above 8 MiB is refused.
// Fault::network: nobody listens, or this user may not ask; Fault::timeout; Fault::protocol: what came is no
// object. An {"error":…} of the daemon is Fault::config. detail says what to do.
Result<boost::json::object> ask_daemon(const std::string& path, ControlVerb verb,
                                       std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace mtasts
