#include "cache/layout.hpp"

#include <algorithm>
#include <limits>

namespace mtasts::cache {

void put_little(char* out, std::uint64_t number, int octets) noexcept {
  for (int i = 0; i < octets; ++i, number >>= 8) out[i] = static_cast<char>(number & 0xFF);
}

std::uint64_t get_little(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = std::min<std::size_t>(bytes.size(), 8); i-- > 0;)
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

static std::uint64_t get_big(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::uint32_t name_checksum(std::string_view domain, std::uint32_t last_used) noexcept {
  std::array<char, 4 + 255> bytes;
  put_little(bytes.data(), last_used, 4);
  auto size = std::min<std::size_t>(domain.size(), 255);
  std::copy_n(domain.data(), size, bytes.data() + 4);
  return crc32c({bytes.data(), size + 4});
}

std::optional<StoredValue> split_value(std::string_view domain, std::string_view bytes) noexcept {
  if (bytes.size() < prefix_size) return std::nullopt;
  auto last_used = static_cast<std::uint32_t>(get_little(bytes.substr(0, 4)));
  if (get_little(bytes.substr(4, 4)) != name_checksum(domain, last_used)) return std::nullopt;
  return StoredValue{last_used, bytes.substr(prefix_size)};
}

std::string join_value(std::string_view domain, std::uint32_t last_used, std::string_view record) {
  std::string bytes(prefix_size, '\0');
  put_little(bytes.data(), last_used, 4);
  put_little(bytes.data() + 4, name_checksum(domain, last_used), 4);
  return bytes.append(record);
}

Rank rank_of(const RecordView& record) noexcept {
  if (record.lost) return Rank::enforce;  // it may have been one, so it must not be evicted
  if (!record.has_policy) return Rank::negative;
  switch (record.policy.mode) {
    case Mode::none: return Rank::none;
    case Mode::testing: return Rank::testing;
    case Mode::enforce: return Rank::enforce;
  }
  return Rank::enforce;
}

void IndexKey::add(std::uint64_t number, int octets) noexcept {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
    bytes_[size_++] = static_cast<char>(number >> shift);
}

void IndexKey::add(std::string_view domain) noexcept {
  auto size = std::min(domain.size(), bytes_.size() - size_);
  std::copy_n(domain.data(), size, bytes_.data() + size_);
  size_ += size;
}

IndexKey time_key(Time when, std::string_view domain) noexcept {
  auto seconds = std::max<std::int64_t>(when.time_since_epoch().count(), 0);
  IndexKey key;
  key.add(static_cast<std::uint64_t>(seconds), 8);
  key.add(domain);
  return key;
}

IndexKey used_key(Rank rank, std::uint32_t day, std::string_view domain) noexcept {
  IndexKey key;
  key.add(static_cast<std::uint64_t>(rank), 1);
  key.add(day, 4);
  key.add(domain);
  return key;
}

std::optional<TimeKey> parse_time_key(std::string_view key) noexcept {
  if (key.size() <= 8) return std::nullopt;
  auto seconds = std::min(get_big(key.substr(0, 8)), std::uint64_t{std::numeric_limits<std::int64_t>::max()});
  return TimeKey{Time(std::chrono::seconds(static_cast<std::int64_t>(seconds))), key.substr(8)};
}

std::optional<UsedKey> parse_used_key(std::string_view key) noexcept {
  if (key.size() <= 5) return std::nullopt;
  return UsedKey{static_cast<std::uint8_t>(key[0]), static_cast<std::uint32_t>(get_big(key.substr(1, 4))),
                 key.substr(5)};
}

std::uint32_t day_number(Time now) noexcept {
  auto seconds = std::max<std::int64_t>(now.time_since_epoch().count(), 0);
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(seconds / 86400, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace mtasts::cache
