#include "answer/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/text.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

// REQUIRES: sequence is one valid UTF-8 sequence.
char32_t code_point(std::string_view sequence) noexcept {
  auto first = static_cast<unsigned char>(sequence.front());
  char32_t value = sequence.size() == 1 ? first : first & (0x7Fu >> sequence.size());
  for (char c : sequence.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return value;
}

void append_unit(std::string& out, char32_t unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 15];
}

void append_escaped(std::string& out, char32_t value) {
  if (value < 0x10000) return append_unit(out, value);
  value -= 0x10000;  // RFC 8259 §7: a surrogate pair
  append_unit(out, 0xD800u + (value >> 10));
  append_unit(out, 0xDC00u + (value & 0x3FF));
}

}  // namespace

boost::json::string to_json(std::string_view text) { return boost::json::string(text); }

boost::json::array to_json(const Findings& findings) {
  boost::json::array list;
  for (const Finding& each : findings)
    list.push_back(boost::json::object{{"code", to_json(each.code)},
                                       {"severity", to_json(words(each.severity))},
                                       {"message", to_json(each.message)}});
  return list;
}

boost::json::value time_or_null(Time time) {
  if (time == Time{}) return nullptr;
  return to_json(utc_text(time));
}

std::string ascii_json(const boost::json::value& value) {
  // Outside strings JSON is printable ASCII, so any other octet is inside a string and can be escaped.
  std::string text = boost::json::serialize(value), out;
  for (std::string_view rest = text; !rest.empty();) {
    auto length = std::max<std::size_t>(utf8_length(rest), 1);
    auto sequence = rest.substr(0, length);
    bool invalid = utf8_length(rest) == 0;
    if (length == 1 && is_printable(sequence.front()))
      out += sequence;
    else
      append_escaped(out, invalid ? U'\uFFFD' : code_point(sequence));
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace mtasts
