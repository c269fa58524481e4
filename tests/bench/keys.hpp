// keys - the names to ask for: the lines of a file, or a pattern with a number in it.
//
// bench_populate, which fills a cache, and bench_load, which asks, get the same names from the same pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace mtasts::bench {

inline constexpr std::size_t max_key = 400;  // octets of a key
inline constexpr std::size_t max_map = 50;   // octets of a map name

// A pattern as "d{}.example", in which {} stands for a decimal number.
class KeyPattern {
 public:
  static Result<KeyPattern> parse(std::string_view text);
  char* write(std::uint64_t number,
              char* out) const noexcept;  // writes at most max_key octets; returns the end of what it wrote
  std::string text(std::uint64_t number) const;

 private:
  KeyPattern(std::string_view before, std::string_view after) : before_(before), after_(after) {}
  std::string before_, after_;
};

class Keys {
 public:
  Keys(KeyPattern pattern, std::uint64_t count) : pattern_(std::move(pattern)), count_(count) {}
  // Reads one key from each line; empty lines are skipped. Fault::config: the file is unreadable or has no
  // keys, or a line is too long.
  static Result<Keys> from_file(const std::string& path);

  std::uint64_t size() const noexcept { return count_; }
  char* write(std::uint64_t number, char* out) const noexcept;  // REQUIRES: number < size()

 private:
  KeyPattern pattern_;
  std::uint64_t count_;
  std::string lines_;                // the lines of the file, without line ends
  std::vector<std::size_t> ends_{};  // where each line in lines_ ends; empty: the keys come from pattern_
};

// The buffer for one request.
struct RequestBuffer {
  static constexpr std::size_t head = 8;  // "NNN:" is written up to here
  char bytes[head + max_map + 1 + max_key + 1];
};

// Writes "<length>:<map> <key>," into the buffer. The view is valid until the buffer is used again. REQUIRES:
// map.size() ≤ max_map.
std::string_view write_request(RequestBuffer& buffer, std::string_view map, const Keys& keys,
                               std::uint64_t number) noexcept;

}  // namespace mtasts::bench
