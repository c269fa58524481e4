#include "core/finding.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace mtasts;

TEST_CASE("peer text made printable", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    std::size_t max;
    const char* want;
  };
  auto row = GENERATE(values<Row>({
      {"plain", "abc def~", 80, "abc def~"},
      {"controls", "a\r\n\x1B[0m", 80, "a\\x0d\\x0a\\x1b[0m"},
      {"NUL", std::string("a\0b", 3), 80, "a\\x00b"},
      {"high octets", "\xC3\xBC\xFF\x7F", 80, "\\xc3\\xbc\\xff\\x7f"},
      {"just fits", "12345678", 8, "12345678"},
      {"cut", "123456789", 8, "12345..."},
      {"an escape is never cut in two", "1234\n6789", 8, "1234..."},
      {"an escape that just fits", "1234\n", 8, "1234\\x0a"},
      {"no room for the dots", "123456789", 2, ".."},
      {"no room", "123", 0, ""},
      {"empty", "", 0, ""},
  }));
  INFO(row.why);
  CHECK(printable(row.text, row.max) == row.want);
}

TEST_CASE("words for severities", "[core]") {
  CHECK(words(Severity::info) == "info");
  CHECK(words(Severity::warning) == "warning");
  CHECK(words(Severity::error) == "error");
}
