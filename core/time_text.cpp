#include "core/time_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mtasts {

std::string utc_text(Time time) {
  using namespace std::chrono;
  constexpr Time last = sys_days(year(9999) / 12 / 31) + hours(24) - seconds(1);
  time = std::clamp(time, Time{}, last);
  auto day = floor<days>(time);
  year_month_day date(day);
  hh_mm_ss clock(time - day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace mtasts
