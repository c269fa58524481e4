#include "tests/bench/cpu_time.hpp"

#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace mtasts::bench {
namespace {

using std::chrono::nanoseconds;

// The first field of schedstat. nullopt: the thread is gone, or the kernel does not keep schedstat.
std::optional<nanoseconds> on_core(const std::filesystem::path& task) {
  std::ifstream file(task / "schedstat");
  std::int64_t time = 0;
  if (!(file >> time)) return std::nullopt;
  return nanoseconds(time);
}

// utime and stime, the fields 14 and 15 of stat. Field 2 is a name in parentheses that may contain anything.
std::optional<nanoseconds> in_ticks(const std::filesystem::path& process) {
  std::ifstream file(process / "stat");
  std::string text;
  std::getline(file, text);
  auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  std::int64_t user = 0, system = 0;
  if (!(fields >> user >> system)) return std::nullopt;
  return nanoseconds((user + system) * (1'000'000'000 / ::sysconf(_SC_CLK_TCK)));
}

}  // namespace

std::optional<nanoseconds> cpu_time_of(pid_t process) {
  auto folder = std::filesystem::path("/proc") / std::to_string(process);
  nanoseconds sum{0};
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(folder / "task", error))
    sum += on_core(task.path()).value_or(nanoseconds(0));
  return sum.count() > 0 ? sum : in_ticks(folder);
}

std::optional<nanoseconds> cpu_time_of_all(std::span<const pid_t> processes) {
  if (processes.empty()) return std::nullopt;
  nanoseconds sum{0};
  for (pid_t process : processes) {
    auto time = cpu_time_of(process);
    if (!time) return std::nullopt;
    sum += *time;
  }
  return sum;
}

nanoseconds cpu_time_of_this_thread() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

}  // namespace mtasts::bench
