// map_name - the socketmap name "DIALECT[/ZONE]" and the request "<map name> SP <key>" (SM-2).
//
// A dialect is the form of the reply that the asker understands. A zone ([a-z0-9_-]{1,32}) is a named set of
// settings in the configuration. An unknown dialect or zone must be answered PERM: with NOTFOUND a typo would
// switch protection off.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

enum class Dialect {
  postfix,     // Postfix 3.4 to 3.9, safe everywhere (ANS-3)
  postfix310,  // Postfix 3.10 and later: STS attributes too (ANS-2)
  sts,         // sendmail 8.16+ FEATURE(sts): as postfix, but never DANE; answers within 4 s
  json,        // one JSON object for people and programs
  prefetch,    // "OK cached" or "OK queued", at once
};

// The dialect as written in a map name.
constexpr std::string_view words(Dialect dialect) noexcept {
  switch (dialect) {
    case Dialect::postfix: return "postfix";
    case Dialect::postfix310: return "postfix310";
    case Dialect::sts: return "sts";
    case Dialect::json: return "json";
    case Dialect::prefetch: return "prefetch";
  }
  return {};
}

struct MapName {
  Dialect dialect;
  std::string_view zone;  // empty: none; view into the text
};

// nullopt: unknown dialect or malformed zone. The caller checks whether the zone exists.
std::optional<MapName> parse_map_name(std::string_view text) noexcept;

struct MapRequest {
  std::string_view map;
  std::string_view key;
};

// Splits the payload of a request at its first blank. nullopt: no blank, or an empty map name.
std::optional<MapRequest> parse_request(std::string_view payload) noexcept;

}  // namespace mtasts
