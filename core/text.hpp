// text - octet classes and small helpers for the parsers of core. ASCII only, no locale, no
// allocation.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace mtasts {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alnum(char c) noexcept { return is_digit(c) || is_lower(c) || is_upper(c); }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }  // WSP of RFC 5234
constexpr bool is_printable(char c) noexcept { return c >= 0x20 && c <= 0x7E; }
constexpr char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_hex_digit(char c) noexcept {
  char low = to_lower(c);
  return is_digit(c) || (low >= 'a' && low <= 'f');
}

constexpr std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

constexpr std::string_view trim_front(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

constexpr std::string_view trim(std::string_view text) noexcept { return trim_front(trim_end(text)); }

// A set of octets. Testing an octet costs one load, so entries and replies can be checked in full for each
// answer.
class OctetSet {
 public:
  template <class Predicate>
  constexpr explicit OctetSet(Predicate member) noexcept {
    for (unsigned octet = 0; octet < in_.size(); ++octet) in_[octet] = member(static_cast<char>(octet));
  }
  constexpr bool contains(char c) const noexcept { return in_[static_cast<unsigned char>(c)]; }
  // How many octets at the front of text are in the set.
  constexpr std::size_t span(std::string_view text) const noexcept {
    std::size_t length = 0;
    while (length < text.size() && contains(text[length])) ++length;
    return length;
  }
  constexpr bool all(std::string_view text) const noexcept { return span(text) == text.size(); }

 private:
  std::array<bool, 256> in_{};
};

// Equal, ignoring the case of ASCII letters.
constexpr bool equal_folded(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

inline constexpr std::size_t max_extension_name = 32;

// True for the name of an extension field or key; its length is not checked.
constexpr bool has_extension_octets(std::string_view name) noexcept {
  if (name.empty() || !is_alnum(name.front())) return false;
  for (char c : name) {
    if (!is_alnum(c) && c != '_' && c != '-' && c != '.') return false;
  }
  return true;
}

// True for the name of an extension field or key: a letter or digit, then up to 31 letters, digits, "_", "-",
// "." (RFC 8461 §3.1 sts-ext-name, §3.2 sts-policy-ext-name).
constexpr bool is_extension_name(std::string_view name) noexcept {
  return name.size() <= max_extension_name && has_extension_octets(name);
}

// Length in octets of the UTF-8 sequence (RFC 3629: shortest form, no surrogates, at most U+10FFFF) at the
// front of text; 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept;

// Offset of the first octet that is not valid UTF-8; npos: all of text is valid.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

}  // namespace mtasts
