#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <limits>

#include "core/text.hpp"

namespace mtasts {
namespace {

std::string_view escape_code(Colour colour) noexcept {
  switch (colour) {
    case Colour::plain: return "";
    case Colour::good: return "\x1b[32m";
    case Colour::bad: return "\x1b[31m";
    case Colour::warning: return "\x1b[33m";
    case Colour::faint: return "\x1b[2m";
  }
  return "";
}

Colour colour_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::info: return Colour::faint;
    case Severity::warning: return Colour::warning;
    case Severity::error: return Colour::bad;
  }
  return Colour::plain;
}

// REQUIRES: sequence is one valid UTF-8 sequence.
char32_t code_point(std::string_view sequence) noexcept {
  auto first = static_cast<unsigned char>(sequence.front());
  char32_t value = sequence.size() == 1 ? first : first & (0x7Fu >> sequence.size());
  for (char c : sequence.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return value;
}

void append_escaped(std::string& out, char32_t value) {
  if (value < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(value));
    return;
  }
  value -= 0x10000;  // RFC 8259 §7: a surrogate pair
  out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800u + (value >> 10), 0xDC00u + (value & 0x3FF));
}

}  // namespace

std::string Terminal::paint(Colour colour_of_text, std::string_view text) const {
  if (!colour || colour_of_text == Colour::plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_code(colour_of_text), text);
}

void Terminal::print(std::string_view line) const { out << line << '\n'; }

void Terminal::print_json(const boost::json::value& value) const { out << ascii_json(value) << '\n'; }

int Terminal::trouble(std::string_view what) const {
  err << "mtastsctl: " << what << '\n';
  return exit_trouble;
}

std::size_t terminal_width(int descriptor, std::string_view columns) noexcept {
  constexpr std::size_t usual = 80;
  if (isatty(descriptor) != 1) return 0;
  std::size_t width = 0;
  auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  if (error == std::errc{} && end == columns.data() + columns.size() && width > 0) return width;
  winsize size{};
  bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : usual;
}

std::string ascii_json(const boost::json::value& value) {
  // Outside of strings JSON is printable ASCII, so whatever else is found stands in a string.
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

boost::json::string to_json(std::string_view text) { return boost::json::string(text.data(), text.size()); }

std::string whole(std::string_view text) {
  return printable(text, std::numeric_limits<std::size_t>::max() / 8);
}

boost::json::array to_json(const Findings& findings) {
  boost::json::array list;
  for (const Finding& each : findings)
    list.push_back(boost::json::object{{"code", to_json(each.code)},
                                       {"severity", to_json(words(each.severity))},
                                       {"message", to_json(each.message)}});
  return list;
}

void print_findings(const Terminal& terminal, const Findings& findings) {
  for (const Finding& each : findings) {
    auto severity = fmt::format("{:<9}", words(each.severity));
    auto text = wrapped(fmt::format("{}{} ({})", severity, whole(each.message), each.code), severity.size());
    terminal.print(terminal.paint(colour_of(each.severity), severity) + text.substr(severity.size()));
  }
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t margin = 0;
  while (margin + text.size() > width) {
    auto room = text.substr(0, width - margin + 1);
    auto cut = room.rfind(' ');
    if (cut == std::string_view::npos || (margin == 0 && cut < indent)) cut = text.find(' ', room.size());
    if (cut == std::string_view::npos) break;
    out.append(text.substr(0, cut)).append(1, '\n').append(indent, ' ');
    text.remove_prefix(cut + 1);
    margin = indent;
  }
  return out.append(text);
}

}  // namespace mtasts
