// cores - how many processor cores this process may use: its affinity mask, and the cgroup's quota if that is
// smaller.
#pragma once

#include <string_view>

namespace mtasts {

unsigned usable_cores();  // at least 1

// The quota in a cgroup v2 cpu.max ("200000 100000" is 2), rounded up; 0: there is none, or the text is
// malformed.
unsigned quota_cores(std::string_view cpu_max) noexcept;

}  // namespace mtasts
