#include "core/finding.hpp"

#include <limits>

#include "core/text.hpp"

namespace mtasts {

std::string_view words(Severity severity) noexcept {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::string printable(std::string_view text, std::size_t max) {
  constexpr std::string_view hex = "0123456789abcdef", dots = "...";
  std::string out;
  std::size_t cut_at = 0;  // the last length that leaves room for the dots
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    const char escaped[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    std::string_view piece = is_printable(c) ? std::string_view(&c, 1) : std::string_view(escaped, 4);
    if (out.size() + piece.size() > max) {
      out.resize(cut_at);
      out.append(dots.substr(0, max - cut_at));
      return out;
    }
    out.append(piece);
    if (out.size() + dots.size() <= max) cut_at = out.size();
  }
  return out;
}

std::string whole(std::string_view text) {
  return printable(text, std::numeric_limits<std::size_t>::max() / 8);
}

std::string in_quotes(std::string_view text, std::size_t max) { return "\"" + printable(text, max) + "\""; }

std::string too_long(std::string_view name, std::size_t most) {
  return in_quotes(name) + " has " + std::to_string(name.size()) + " characters; at most " +
         std::to_string(most) + " are allowed";
}

}  // namespace mtasts
