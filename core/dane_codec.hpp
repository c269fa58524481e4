// dane_codec - DANE states inside a stored record (docs/CACHE_FORMAT.md). Part of record; not for others.
#pragma once

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

// Octet by octet, lowest first: right on any machine, and one plain load or store where it is little-endian.
void append_little(std::string& out, std::uint64_t value, std::size_t octets);
std::uint64_t take_little(std::string_view& bytes, std::size_t octets) noexcept;

// Seconds as they are stored, within what may stand there.
std::int64_t stored_seconds(Time time) noexcept;
bool seconds_hold(std::int64_t seconds) noexcept;
inline Time to_time(std::int64_t seconds) noexcept { return Time(std::chrono::seconds(seconds)); }

}  // namespace mtasts
