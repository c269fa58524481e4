#include "sys/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

namespace mtasts {
namespace {

// The text of this process's own cgroup's cpu.max; empty if there is none.
std::string own_cpu_max() {
  std::string line;
  std::ifstream cgroup("/proc/self/cgroup");
  while (std::getline(cgroup, line)) {
    if (!line.starts_with("0::")) continue;
    std::string limit;
    std::ifstream file("/sys/fs/cgroup" + line.substr(3) + "/cpu.max");
    std::getline(file, limit);
    return limit;
  }
  return {};
}

}  // namespace

unsigned quota_cores(std::string_view cpu_max) noexcept {
  unsigned long quota = 0, period = 0;
  auto [end, error] = std::from_chars(cpu_max.data(), cpu_max.data() + cpu_max.size(), quota);
  if (error != std::errc() || end == cpu_max.data() + cpu_max.size()) return 0;
  auto second = std::from_chars(end + 1, cpu_max.data() + cpu_max.size(), period);
  if (second.ec != std::errc() || period == 0) return 0;
  return static_cast<unsigned>(std::clamp((quota + period - 1) / period, 1ul, 4096ul));
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  auto cores = static_cast<unsigned>(std::max(count, 1));
  unsigned quota = quota_cores(own_cpu_max());
  return quota > 0 ? std::min(cores, quota) : cores;
}

}  // namespace mtasts
