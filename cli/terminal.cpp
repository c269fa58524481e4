#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

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

}  // namespace

Colour colour_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::info: return Colour::faint;
    case Severity::warning: return Colour::warning;
    case Severity::error: return Colour::bad;
  }
  return Colour::plain;
}

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
