#include "sys/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <string>

#include "sys/small_file.hpp"

namespace mtasts {
namespace {

// The text of this process's own cgroup's cpu.max; empty if there is none.
std::string own_cpu_max() {
  for (auto line : std::views::split(text_of_file("/proc/self/cgroup"), '\n')) {
    std::string_view cgroup(line.begin(), line.end());
    if (!cgroup.starts_with("0::")) continue;
    std::string limit = text_of_file("/sys/fs/cgroup" + std::string(cgroup.substr(3)) + "/cpu.max");
    return limit.substr(0, limit.find('\n'));
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
