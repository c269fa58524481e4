// time - the time of day as every part of mtastsd passes it about: whole seconds, UTC.
#pragma once

#include <chrono>

namespace mtasts {

using Time = std::chrono::sys_seconds;

}  // namespace mtasts
