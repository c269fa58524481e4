#include "conf/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.hpp"

namespace mtasts {
namespace {

// Length of the TOML string at the front of text, which begins with a quote. An unclosed string ends with its
// line or the text.
std::size_t string_length(std::string_view text) noexcept {
  char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\n') return i;
    if (text[i] == quote) return i + 1;
    if (quote == '"' && text[i] == '\\') ++i;
  }
  return text.size();
}

std::size_t token_length(std::string_view text) noexcept {
  char c = text.front();
  if (c == '"' || c == '\'') return string_length(text);
  if (c == '#') return std::min(text.find('\n'), text.size());
  return 1;
}

bool begins_key(char c) noexcept { return is_alnum(c) || c == '_' || c == '-' || c == '"' || c == '\''; }

// TOML 1.0 uses no other octets outside of strings and comments.
bool is_bare(char c) noexcept {
  return begins_key(c) || is_blank(c) || std::string_view("\r\n#.=,:+[]{}").contains(c);
}

// text: what follows the first "[" of a line.
bool header_begins_well(std::string_view text) noexcept {
  text = trim_front(text);
  if (text.starts_with('[')) text.remove_prefix(1);
  text = trim_front(text);
  return !text.empty() && begins_key(text.front());
}

std::size_t end_of_value(std::string_view text) noexcept {
  return std::min(text.find_first_of(" \t\r\n,]}#"), text.size());
}

// Takes off a text that has the form of pattern, where "0" stands for any digit.
bool takes(std::string_view& text, std::string_view pattern) noexcept {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] == '0' ? !is_digit(text[i]) : text[i] != pattern[i]) return false;
  text.remove_prefix(pattern.size());
  return true;
}

// "12:00:00", optionally with up to nine digits of a fraction and an offset from UTC.
bool is_time(std::string_view text) noexcept {
  if (!takes(text, "00:00:00")) return false;
  if (takes(text, ".0"))
    for (int more = 8; more > 0 && takes(text, "0");) --more;
  if (text.empty() || text == "Z" || text == "z") return true;
  return (takes(text, "+00:00") || takes(text, "-00:00")) && text.empty();
}

// Whether text begins with a date, with or without a time after it. No key takes a time, but a value that has
// one should be reported as such, not as a bad number. toml++ checks whether there is such a day.
bool begins_date(std::string_view text) noexcept {
  if (!takes(text, "0000-00-00")) return false;
  std::size_t end = end_of_value(text);
  if (end > 0) return to_lower(text.front()) == 't' && is_time(text.substr(1, end - 1));
  bool has_time = text.size() > 1 && text.front() == ' ' && is_digit(text[1]);
  return !has_time || is_time(text.substr(1, end_of_value(text.substr(1))));
}

// REQUIRES: text begins with a digit or sign where a value begins.
bool begins_number(std::string_view text) noexcept {
  text = text.substr(0, end_of_value(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool sign = text[i] == '+' || text[i] == '-';
    bool sign_is_well = i == 0 || to_lower(text[i - 1]) == 'e';
    if (sign ? !sign_is_well : !is_alnum(text[i]) && text[i] != '_' && text[i] != '.') return false;
  }
  return true;
}

bool forbidden_control(char c) noexcept {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

// REQUIRES: sequence is one UTF-8 sequence of 2 to 4 octets.
std::string escaped(std::string_view sequence) {
  std::uint32_t value = static_cast<unsigned char>(sequence.front()) & (0x7Fu >> sequence.size());
  for (char c : sequence.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return fmt::format("\\U{:08X}", value);
}

// Appends a token of one line as ASCII. Empty: fine.
std::string_view append_safe(std::string& out, std::string_view token) {
  if (std::ranges::any_of(token, forbidden_control)) return "holds a control character";
  if (token.front() == '#') return {};
  for (std::size_t i = 0; i < token.size();) {
    bool escape = token.front() == '"' && token[i] == '\\' && i + 1 < token.size();
    if (escape) out += token[i++];
    std::size_t length = utf8_length(token.substr(i));
    if (length == 0) return "is not valid UTF-8";
    if (length > 1 && token.front() != '"') return "has a letter outside of ASCII; write it in double quotes";
    if (length > 1 && escape)
      return "has a \"\\\" before a letter outside of ASCII; write \"\\\\\" for a backslash";
    out += length == 1 ? std::string(1, token[i]) : escaped(token.substr(i, length));
    i += length;
  }
  return {};
}

class Scan {
 public:
  unsigned line = 1;

  // Takes one octet outside of strings and comments, or the quote that begins a string; text begins with it.
  // Empty: fine.
  std::string_view take(std::string_view text) noexcept {
    char c = text.front();
    auto rest = text.substr(1);
    if (!is_bare(c)) return "has a character that must be in quotes";
    if (text.starts_with("\"\"\"") || text.starts_with("'''"))
      return "has a string over several lines; write it in one line";
    if (c == '[' && at_line_start_ && open_ == 0 && !header_begins_well(rest))
      return "has no section name after \"[\"";
    if ((is_digit(c) || c == '+' || c == '-') && at_value() && !begins_number(text) && !begins_date(text))
      return "has a value that is not a number; write it in quotes";
    if (c == '\n') dots_ = 0;
    if (c == '.' && ++dots_ > max_dots_in_a_line) return "nests too deeply";
    at_line_start_ = c == '\n' || (at_line_start_ && is_blank(c));
    auto what = bracket(c);
    if (!is_blank(c) && c != '\r' && c != '\n' && c != '#') last_ = c;
    return what;
  }

 private:
  bool at_value() const noexcept {
    bool in_array = open_ > 0 && closers_[open_ - 1] == ']';
    return last_ == '=' || (in_array && (last_ == '[' || last_ == ','));
  }

  std::string_view bracket(char c) noexcept {
    if (c == '[' || c == '{') {
      if (open_ == max_open_brackets) return "nests too deeply";
      closers_[open_++] = c == '[' ? ']' : '}';
    } else if (c == ']' || c == '}') {
      if (open_ == 0 || closers_[--open_] != c) return "closes a bracket that is not open";
    }
    return {};
  }

  unsigned dots_ = 0, open_ = 0;
  std::array<char, max_open_brackets> closers_{};
  char last_ = '\n';           // the last octet that was not a blank, line end or comment
  bool at_line_start_ = true;  // only blanks so far on this line
};

}  // namespace

std::expected<std::string, ShapeProblem> safe_toml(std::string_view text) {
  Scan scan;
  std::string out;
  while (!text.empty()) {
    std::size_t length = token_length(text);
    auto token = text.substr(0, length);
    auto what = scan.take(text);
    if (what.empty()) what = append_safe(out, token);
    if (!what.empty()) return std::unexpected(ShapeProblem{scan.line, what});
    if (token == "\n") ++scan.line;
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace mtasts
