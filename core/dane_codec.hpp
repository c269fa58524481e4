// dane_codec - DANE states inside a stored record (docs/CACHE_FORMAT.md). Part of record; not for others.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/dane.hpp"

namespace mtasts {

inline constexpr std::size_t max_dane_detail = 300, max_dane_hosts = 32'768;  // octets

void append_dane(std::string& out, std::span<const DaneState> states);

// Takes one state off the front. nullopt: cut, or a field has a value that is not allowed. The text of the
// hosts is left to hosts_hold(): it is checked once, when a record is decoded.
std::optional<DaneView> take_dane(std::string_view& bytes) noexcept;

// Octet by octet, lowest first, whatever the machine's own order is.
void append_little(std::string& out, std::uint64_t value, std::size_t octets);
// The same the other way. The bytes may be unaligned (LMDB-22). REQUIRES: there are as many.
template <std::integral T>
T take_number(std::string_view& bytes) noexcept {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return std::endian::native == std::endian::little ? value : std::byteswap(value);
}

// Seconds as they are stored, within what may stand there.
std::int64_t stored_seconds(Time time) noexcept;
bool seconds_hold(std::int64_t seconds) noexcept;
inline Time to_time(std::int64_t seconds) noexcept { return Time(std::chrono::seconds(seconds)); }

}  // namespace mtasts
