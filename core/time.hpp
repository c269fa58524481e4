// time - the time of day, as all of mtastsd keeps it: whole seconds, UTC.
#pragma once

#include <chrono>

namespace mtasts {

using Time = std::chrono::sys_seconds;

}  // namespace mtasts
