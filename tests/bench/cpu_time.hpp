// cpu_time - how long processes and threads have been on a core, user and system together.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>

namespace mtasts::bench {

// Of all living threads of a process: to the nanosecond where the kernel keeps schedstat, else in ticks of
// 10 ms. nullopt: there is no such process.
std::optional<std::chrono::nanoseconds> cpu_time_of(pid_t process);
// The sum. nullopt: there are none, or one of them is not there.
std::optional<std::chrono::nanoseconds> cpu_time_of_all(std::span<const pid_t> processes);

std::chrono::nanoseconds cpu_time_of_this_thread() noexcept;

}  // namespace mtasts::bench
