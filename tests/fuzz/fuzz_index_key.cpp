// Input: a key of one of the cache's indexes, as a damaged file may hold it; and a stored value under a
// domain. Properties: what is parsed makes the same key again; keys are in the order of their numbers;
// a value that is accepted is written unchanged, and is refused under another name.

#include <limits>
#include <string>

#include "cache/layout.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using namespace mtasts::cache;
using fuzz::require;

namespace {

constexpr std::size_t longest_domain = 255;

void check_time_key(std::string_view key) {
  auto parsed = parse_time_key(key);
  require(parsed.has_value() == (key.size() > 8), "a time and a domain");
  if (!parsed) return;
  auto seconds = parsed->when.time_since_epoch();
  require(seconds.count() >= 0 && parsed->domain == key.substr(8), "no time before 1970");
  if (parsed->domain.size() > longest_domain) return;
  bool exact =
      static_cast<unsigned char>(key.front()) < 0x80;  // later times are clamped to the last possible one
  if (exact) require(time_key(parsed->when, parsed->domain).view() == key, "the same key again");
  if (exact && seconds != Time::duration::max())
    require(time_key(parsed->when + std::chrono::seconds(1), "a").view() > key, "in the order of time");
}

void check_used_key(std::string_view key) {
  auto parsed = parse_used_key(key);
  require(parsed.has_value() == (key.size() > 5), "a rank, a day and a domain");
  if (!parsed || parsed->domain.size() > longest_domain) return;
  auto rank = static_cast<Rank>(parsed->rank);
  require(used_key(rank, parsed->day, parsed->domain).view() == key, "the same key again");
  if (parsed->day != std::numeric_limits<std::uint32_t>::max())
    require(used_key(rank, parsed->day + 1, "a").view() > key, "in the order of days");
}

void check_value(std::string_view domain, std::string_view bytes) {
  auto value = split_value(domain, bytes);
  if (!value) return;
  require(join_value(domain, value->last_used, value->record) == bytes, "written again the same");
  if (domain.size() >= longest_domain) return;
  require(!split_value(std::string(domain) + "x", bytes), "bound to its name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  check_time_key(input);
  check_used_key(input);
  const std::string domain(fuzz::take_until(input, '\n'));
  check_value(domain, input);
  if (input.size() >= 4) {
    auto day = static_cast<std::uint32_t>(get_little(input.substr(0, 4)));
    const std::string bytes = join_value(domain, day, input.substr(4));
    auto value = split_value(domain, bytes);
    require(value && value->last_used == day && value->record == input.substr(4), "written and read");
    check_value(domain, bytes);
  }
  return 0;
}
