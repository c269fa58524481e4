#include "core/map_name.hpp"

#include <algorithm>

#include "core/enum_words.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

bool is_zone(std::string_view text) noexcept {
  if (text.empty() || text.size() > 32) return false;
  return std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
}

}  // namespace

std::optional<MapName> parse_map_name(std::string_view text) noexcept {
  std::size_t slash = text.find('/');
  auto dialect = enum_words<Dialect>.value_of(text.substr(0, slash));
  if (!dialect) return std::nullopt;
  if (slash == std::string_view::npos) return MapName{*dialect, {}};
  std::string_view zone = text.substr(slash + 1);
  if (!is_zone(zone)) return std::nullopt;
  return MapName{*dialect, zone};
}

std::optional<MapRequest> parse_request(std::string_view payload) noexcept {
  std::size_t blank = payload.find(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  return MapRequest{payload.substr(0, blank), payload.substr(blank + 1)};
}

}  // namespace mtasts
