// shifted_clock - a library for LD_PRELOAD that gives one program another time of day.
//
// The file that SHIFTED_CLOCK names holds the shift: 8 octets, seconds as a signed number in the machine's
// byte order. It is mapped, so that a write to it moves the clock of a running program. The clocks that count
// from boot stay as they are, as when an administrator or a time server sets a real clock.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using Shift = std::atomic<std::int64_t>;

// The file's octets are read as an atomic number. It is never unmapped, because the program may ask for the
// time until its end.
const Shift* open_shift() {
  const char* name = std::getenv("SHIFTED_CLOCK");  // NOLINT(concurrency-mt-unsafe)
  int file = name == nullptr ? -1 : open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) std::abort();
  void* page = mmap(nullptr, sizeof(Shift), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page == MAP_FAILED) std::abort();
  return static_cast<const Shift*>(page);
}

std::int64_t shift() {
  static const Shift* const page = open_shift();
  return page->load(std::memory_order_relaxed);
}

bool tells_time_of_day(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

}  // namespace

// These replace functions of the C library, so they have its names and types. Each makes a system call, where
// the C library would read the kernel's vDSO page.
extern "C" int clock_gettime(clockid_t clock, timespec* result) noexcept {
  long code = syscall(SYS_clock_gettime, clock, result);
  if (code == 0 && tells_time_of_day(clock)) result->tv_sec += shift();
  return static_cast<int>(code);
}

extern "C" int gettimeofday(timeval* result, void* /*zone*/) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  result->tv_sec = now.tv_sec;
  result->tv_usec = now.tv_nsec / 1000;
  return 0;
}

extern "C" time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}
