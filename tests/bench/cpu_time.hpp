// cpu_time - the CPU time of processes and threads, user and system together.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>

namespace mtasts::bench {

// The sum over all living threads of a process, in nanoseconds if the kernel keeps schedstat, else in ticks
// of 10 ms. nullopt: there is no such process.
std::optional<std::chrono::nanoseconds> cpu_time_of(pid_t process);
// The sum over several processes. nullopt: the list is empty, or one of them does not exist.
std::optional<std::chrono::nanoseconds> cpu_time_of_all(std::span<const pid_t> processes);

std::chrono::nanoseconds cpu_time_of_this_thread() noexcept;

}  // namespace mtasts::bench
