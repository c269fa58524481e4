// dane_codec - DANE states inside a cache entry (docs/CACHE_FORMAT.md). Part of core/record; others call
// find_dane() and for_each_dane().
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/dane.hpp"

namespace mtasts {

inline constexpr std::size_t max_dane_detail = 300, max_dane_hosts = 32'768;  // octets
inline constexpr std::size_t max_dane_states = 8;                             // next hops of one domain

// Appends the stored form of the states. A longer detail is cut to max_dane_detail; hosts above
// max_dane_hosts are left out. REQUIRES: at most max_dane_states states, no two with the same route.
void append_dane(std::string& out, std::span<const DaneState> states);

// DANE states as append_dane() writes them, borrowed: for (DaneView state : states). A StoredDane always
// holds well-formed states and hosts, at most max_dane_states, and no two with the same route. Lives as long
// as the bytes.
class StoredDane {
 public:
  class Iterator;

  StoredDane() = default;  // no states
  // nullopt: the bytes are cut short, a field has a value that is not allowed, two states have one route, or
  // there are too many. Never throws.
  static std::optional<StoredDane> parse(std::string_view bytes) noexcept;

  inline Iterator begin() const noexcept;
  inline Iterator end() const noexcept;

 private:
  explicit StoredDane(std::string_view bytes) noexcept : bytes_(bytes) {}
  // The first state, and its size. REQUIRES: bytes is the rest of what parse() accepted, and not empty.
  static DaneView front(std::string_view bytes) noexcept;
  static std::size_t front_size(std::string_view bytes) noexcept;

  std::string_view bytes_;
};

class StoredDane::Iterator {
 public:
  using value_type = DaneView;
  using reference = DaneView;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::forward_iterator_tag;

  Iterator() = default;
  DaneView operator*() const noexcept { return front(rest_); }
  Iterator& operator++() noexcept {
    rest_.remove_prefix(front_size(rest_));
    return *this;
  }
  Iterator operator++(int) noexcept {
    Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
    return a.rest_.size() == b.rest_.size();
  }

 private:
  friend StoredDane;
  explicit Iterator(std::string_view bytes) noexcept : rest_(bytes) {}

  std::string_view rest_;
};

StoredDane::Iterator StoredDane::begin() const noexcept { return Iterator(bytes_); }
StoredDane::Iterator StoredDane::end() const noexcept { return {}; }

// Appends value in so many octets, lowest first, whatever the machine's byte order is.
void append_little(std::string& out, std::uint64_t value, std::size_t octets);
// Takes such a number off the front. The bytes may be unaligned (LMDB-22). REQUIRES: bytes has at least
// sizeof(T) octets.
template <std::integral T>
T take_number(std::string_view& bytes) noexcept {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return std::endian::native == std::endian::little ? value : std::byteswap(value);
}

// Seconds since 1970 as they are stored, clamped to the range that is allowed there; and whether a stored
// number is in that range.
std::int64_t stored_seconds(Time time) noexcept;
bool seconds_hold(std::int64_t seconds) noexcept;
inline Time to_time(std::int64_t seconds) noexcept { return Time(std::chrono::seconds(seconds)); }

}  // namespace mtasts
