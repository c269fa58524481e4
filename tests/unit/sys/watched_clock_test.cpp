// WatchedClock over the machine's own clock: what it is told at start, and what many threads see at once.
#include "sys/watched_clock.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <thread>
#include <vector>

namespace mtasts {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// The newest fetch lies a day in the future, so the clock seems to be a day behind.
ClockPast fetched_tomorrow() {
  ClockPast past;
  past.newest_fetch = read_clocks().wall + hours(24);
  return past;
}

TEST_CASE("a clock that begins behind the newest fetch is in doubt until it is vouched for and settled") {
  WatchedClock clock;
  CHECK(clock.moment().clock.certain);
  ClockPast past = fetched_tomorrow();
  clock.begin(past);
  Moment moment = clock.moment();
  CHECK_FALSE(moment.clock.certain);
  CHECK(moment.judged_at() == past.newest_fetch);
  CHECK(moment.now >= past.newest_fetch);
  CHECK(moment.now < past.newest_fetch + hours(1));
  clock.vouch();
  CHECK_FALSE(clock.moment().clock.certain);
  CHECK_FALSE(clock.mark());
}

TEST_CASE("moments read while the belief changes are certain, or judged at a last certain moment") {
  WatchedClock clock;
  ClockPast past = fetched_tomorrow();
  const Time from = read_clocks().wall - seconds(61);  // deny() makes the present the last certain moment
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0, read = 0;
  auto reader = [&] {
    while (!over) {
      Moment moment = clock.moment();
      bool plausible = moment.judged_at() >= from && moment.judged_at() <= past.newest_fetch;
      wrong += !plausible || moment.now < moment.judged_at();
      ++read;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back(reader);
  for (int i = 0; i < 2'000 || read < 2'000; ++i) {
    clock.begin(i % 2 == 0 ? past : ClockPast{});
    clock.deny();
    clock.check();
  }
  over = true;
  for (auto& each : readers) each.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace mtasts
