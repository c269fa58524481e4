#include "core/text.hpp"

#include <cstdint>

namespace mtasts {

namespace {

std::uint8_t octet(std::string_view text, std::size_t i) noexcept {
  return static_cast<std::uint8_t>(text[i]);
}

// The length of a sequence with this first octet, and the range of its second octet (RFC 3629 §4).
struct Lead {
  std::size_t length;
  std::uint8_t low, high;
};

Lead lead(std::uint8_t first) noexcept {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};  // a continuation, or an over-long form
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};  // no surrogates
  if (first < 0xF0) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  Lead want = lead(octet(text, 0));
  if (want.length > text.size()) return 0;
  if (want.length > 1 && (octet(text, 1) < want.low || octet(text, 1) > want.high)) return 0;
  for (std::size_t i = 2; i < want.length; ++i) {
    if (octet(text, i) < 0x80 || octet(text, i) > 0xBF) return 0;
  }
  return want.length;
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace mtasts
