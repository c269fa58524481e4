#include "core/parts.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <iterator>
#include <string>
#include <vector>

using namespace mtasts;

static_assert(std::forward_iterator<Parts::iterator>);

TEST_CASE("parts of a joined text", "[core]") {
  struct Row {
    const char *text, *want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"", ""},
      {"a", "<a>"},
      {"a\n", "<a>"},
      {"\n", "<>"},
      {"\na", "<><a>"},
      {"a\nb\n\nc", "<a><b><><c>"},
      {"a\n\n", "<a><>"},
  }));
  INFO(row.text);
  std::string seen, taken;
  for (std::string_view part : Parts(row.text)) seen.append("<").append(part).append(">");
  CHECK(seen == row.want);
  for (std::string_view rest = row.text; !rest.empty();)
    taken.append("<").append(take_part(rest)).append(">");
  CHECK(taken == row.want);
}

TEST_CASE("a walk over parts can go on from a copy", "[core]") {
  const Parts parts("a\nb\nc");
  auto second = std::next(parts.begin()), walk = second;
  CHECK(*walk++ == "b");
  CHECK(*walk == "c");
  CHECK(walk != second);
  CHECK(*second == "b");
  CHECK(++second == walk);
  CHECK(++walk == parts.end());
}
