// keys - the names that are asked for: the lines of a file, or a pattern with a number in it.
//
// Both programs, the one that fills a cache and the one that asks, get the same names from the same pattern.
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

// "d{}.example": {} stands for a decimal number.
class KeyPattern {
 public:
  static Result<KeyPattern> parse(std::string_view text);
  char* write(std::uint64_t number, char* out) const noexcept;  // at most max_key octets; returns their end
  std::string text(std::uint64_t number) const;

 private:
  KeyPattern(std::string_view before, std::string_view after) : before_(before), after_(after) {}
  std::string before_, after_;
};

class Keys {
 public:
  Keys(KeyPattern pattern, std::uint64_t count) : pattern_(std::move(pattern)), count_(count) {}
  // One key a line; empty lines are left out. Fault::config: unreadable, empty, or a line too long.
  static Result<Keys> from_file(const std::string& path);

  std::uint64_t size() const noexcept { return count_; }
  char* write(std::uint64_t number, char* out) const noexcept;  // REQUIRES: number < size()

 private:
  KeyPattern pattern_;
  std::uint64_t count_;
  std::string lines_;                // of a file, without their ends
  std::vector<std::size_t> ends_{};  // of each line in lines_; empty: the pattern counts
};

// Room for one request, and the request made in it.
struct RequestBuffer {
  static constexpr std::size_t head = 8;  // "NNN:" is written up to here
  char bytes[head + max_map + 1 + max_key + 1];
};

// "<length>:<map> <key>," The view lives until the buffer is used again. REQUIRES: map.size() ≤ max_map.
std::string_view write_request(RequestBuffer& buffer, std::string_view map, const Keys& keys,
                               std::uint64_t number) noexcept;

}  // namespace mtasts::bench
