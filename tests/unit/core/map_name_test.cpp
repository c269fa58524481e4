#include "core/map_name.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;

TEST_CASE("map names", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    std::optional<Dialect> want;
    const char* zone;
  };
  auto row = GENERATE(values<Row>({
      {"SM-2: postfix", "postfix", Dialect::postfix, ""},
      {"SM-2: postfix310", "postfix310", Dialect::postfix310, ""},
      {"SM-2: sts", "sts", Dialect::sts, ""},
      {"SM-2: json", "json", Dialect::json, ""},
      {"SM-2: prefetch", "prefetch", Dialect::prefetch, ""},
      {"SM-2: zone", "postfix310/out-1_a", Dialect::postfix310, "out-1_a"},
      {"zone of 32", "sts/" + std::string(32, 'z'), Dialect::sts, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"},
      {"zone of 33", "sts/" + std::string(33, 'z'), std::nullopt, ""},
      {"empty zone", "postfix/", std::nullopt, ""},
      {"zone in upper case", "postfix/Out", std::nullopt, ""},
      {"two slashes", "postfix/a/b", std::nullopt, ""},
      {"PFX-13: unknown dialect", "postfix311", std::nullopt, ""},
      {"SM-2: verbatim, so case matters", "Postfix", std::nullopt, ""},
      {"empty", "", std::nullopt, ""},
      {"zone alone", "/zone", std::nullopt, ""},
      {"blank", "postfix ", std::nullopt, ""},
  }));
  INFO(row.why);
  std::optional<MapName> name = parse_map_name(row.text);
  REQUIRE(name.has_value() == row.want.has_value());
  if (!name) return;
  CHECK(name->dialect == *row.want);
  CHECK(name->zone == row.zone);
  CHECK(row.text.starts_with(words(name->dialect)));
}

TEST_CASE("SM-2: a request is a map name, a blank and a key", "[core]") {
  struct Row {
    const char *why, *payload;
    bool want;
    const char *map, *key;
  };
  auto row = GENERATE(values<Row>({
      {"plain", "postfix example.com", true, "postfix", "example.com"},
      {"the key may have blanks", "postfix a b", true, "postfix", "a b"},
      {"empty key", "postfix ", true, "postfix", ""},
      {"key beginning with a blank", "postfix  a", true, "postfix", " a"},
      {"no blank", "postfix", false, "", ""},
      {"no map name", " example.com", false, "", ""},
      {"empty", "", false, "", ""},
  }));
  INFO(row.why);
  std::optional<MapRequest> request = parse_request(row.payload);
  REQUIRE(request.has_value() == row.want);
  if (!request) return;
  CHECK(request->map == row.map);
  CHECK(request->key == row.key);
}
