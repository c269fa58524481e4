// layout - keys and values of the cache's databases as bytes (docs/CACHE_FORMAT.md).
//
// A stored value is a prefix of 8 octets, followed by the entry as core encodes it. The prefix holds the day
// on which the domain was last asked for, and a checksum of that day and the domain, which shows when an
// entry is stored under another name. An index key is a big-endian number followed by the domain, so that
// LMDB, which sorts octets, sorts by the number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/domain_name.hpp"
#include "core/record.hpp"

namespace mtasts::cache {

inline constexpr std::size_t prefix_size = 8;

struct StoredValue {
  std::uint32_t last_used = 0;  // days since 1970-01-01 UTC
  std::string_view record;      // the encoded entry; lives as long as the value
};

// nullopt: bytes is shorter than the prefix, or was stored for another domain.
std::optional<StoredValue> split_value(std::string_view domain, std::string_view bytes) noexcept;
// The checksum in the prefix, which tells whose value it is.
std::uint32_t name_checksum(std::string_view domain, std::uint32_t last_used) noexcept;
std::string join_value(std::string_view domain, std::uint32_t last_used, std::string_view record);

// What an entry protects, least first: the order of eviction. The numbers are part of the keys of `used`.
enum class Rank : std::uint8_t { negative = 0, none = 1, testing = 2, enforce = 3 };
Rank rank_of(const RecordView& record) noexcept;

class IndexKey {
 public:
  std::string_view view() const noexcept { return {bytes_.data(), size_}; }
  void add(std::uint64_t number, int octets) noexcept;
  void add(std::string_view domain) noexcept;

 private:
  std::array<char, 8 + 255> bytes_{};
  std::size_t size_ = 0;
};

IndexKey time_key(Time when, std::string_view domain) noexcept;                     // `due` and `expiry`
IndexKey used_key(Rank rank, std::uint32_t day, std::string_view domain) noexcept;  // `used`

struct TimeKey {
  Time when;
  std::string_view domain;
};
std::optional<TimeKey> parse_time_key(std::string_view key) noexcept;

struct UsedKey {
  std::uint8_t rank;
  std::uint32_t day;
  std::string_view domain;
};
std::optional<UsedKey> parse_used_key(std::string_view key) noexcept;

std::uint32_t day_number(Time now) noexcept;  // days since 1970-01-01 UTC; 0 for earlier times

// Little-endian numbers of up to 8 octets.
void put_little(char* out, std::uint64_t number, int octets) noexcept;
std::uint64_t get_little(std::string_view bytes) noexcept;

}  // namespace mtasts::cache
