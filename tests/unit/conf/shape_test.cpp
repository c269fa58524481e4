#include "conf/shape.hpp"

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

#include "conf/parse.hpp"

namespace mtasts {
namespace {

std::string repeat(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

// The line of the problem.
std::optional<unsigned> bad_line(std::string_view text) {
  auto safe = safe_toml(text);
  return safe ? std::nullopt : std::optional(safe.error().line);
}

std::string errors_of(std::string_view text) {
  auto parsed = parse_config(text, "f.toml", {"/s", "/c"});
  return parsed ? "" : parsed.error().detail;
}

}  // namespace

TEST_CASE("ordinary texts are not too deep", "[conf]") {
  CHECK_FALSE(bad_line(""));
  CHECK_FALSE(bad_line("[a.b]\nx = [\"1.2.3.4\", \"5.6.7.8\"]\n"));
  CHECK_FALSE(bad_line("# " + repeat(".", 200) + "\nx = \"" + repeat(".", 200) + "\"\n"));
  CHECK_FALSE(bad_line("x = '" + repeat("[", 200) + "'\n"));
  CHECK_FALSE(bad_line("x = \"\\\"" + repeat("[", 200) + "\"\n"));
  CHECK_FALSE(bad_line(repeat("a.b = 1\n", 200)));
  CHECK_FALSE(bad_line("[zone.0-1]\n0-1 = [-1, +2.5e-3, 0xFF,\n1_000 ]\na = {0-1 = 1, 2-3 = -2}\n"));
}

TEST_CASE("deep texts are reported with their line", "[conf]") {
  CHECK(bad_line("\n\n" + repeat("a.", 65)) == 3);
  CHECK(bad_line("x = " + repeat("[\n", 17)) == 17);
  // Quotes that close nothing must not hide what follows.
  CHECK(bad_line("x = \"\"\ny = ''\nz = \"\\\\\"\n" + repeat("a.", 65)) == 4);
  CHECK(bad_line("x = '\\'\n" + repeat("a.", 65)) == 2);
  CHECK(bad_line("# \" '\n" + repeat("a.", 65)) == 2);
}

TEST_CASE("dates are let through, what only resembles one is refused", "[conf]") {
  for (std::string_view good :
       {"2027-01-31", "2027-01-31 ", "2027-01-31\t\r\n", "2027-01-31 # x", "[2027-01-31,2027-01-31]",
        "2027-01-31T12:00:00", "2027-01-31t12:00:00z", "2027-01-31 12:00:00.123456789Z",
        "2027-01-31 12:00:00-01:30 ", "2027-01-31T12:00:00.1+01:30"}) {
    INFO(good);
    CHECK_FALSE(bad_line("x = " + std::string(good)));
    CHECK(errors_of("x = " + std::string(good)).starts_with("f.toml:1: x: unknown key"));
  }
  for (std::string_view bad :
       {"2027-1-31", "2027-01-31x", "2027-01-31-", "2027-01-31T", "2027-01-31T12:00", "2027-01-31 12",
        "2027-01-31 12:00:00.", "2027-01-31T12:00:00.1234567890", "2027-01-31T12:00:00+1:00",
        "2027-01-31T12:00:00ZZ", "2027-01-31T12:00:00Z+01:00", "12:00:00", "20270-01-31", "-2027-01-31"}) {
    INFO(bad);
    CHECK(bad_line("x = " + std::string(bad)) == 1);
  }
  for (std::string_view none : {"2027-13-01", "2027-02-31", "0000-00-00", "2027-01-31T24:00:00"}) {
    INFO(none);
    CHECK(errors_of("x = " + std::string(none)).starts_with("f.toml:1: "));
    CHECK_FALSE(errors_of("x = " + std::string(none)).contains("unknown key"));
  }
}

TEST_CASE("a section header must begin with a key, and raw controls are refused", "[conf]") {
  for (std::string_view good :
       {"[a]", "[[a]]", " [ a ]", "[\"a\"]", "x = [\n[1]]", "[a]\r\n\t[b]", "x = [\n[],\n[\n]]"}) {
    INFO(good);
    CHECK_FALSE(bad_line(good));
  }
  for (std::string_view bad : {"\n[!]",
                               "\n[",
                               "\n[[",
                               "\n[[]]",
                               "\n[]",
                               "\n \t[ =",
                               "\n[.a]",
                               "\n[\xc3\xbc]",
                               "\n[#",
                               "\n[ \n]",
                               "\nx = [}",
                               "\nx = \"\"\"",
                               "\nx = '''",
                               "\nx = \"\"\"\\\xef\xbb\xbe\"\"\"",
                               "\n\xc6\x9c = 1",
                               "\nx = !",
                               "\nx = 1;",
                               "\nx = {]",
                               "\n]",
                               "\nx = }",
                               "\nx = [1]]",
                               "\n\x01",
                               "\n\x7f",
                               "\n# \x1b",
                               "\nx = '\f'",
                               "\nx = \"\v\""}) {
    INFO(bad);
    CHECK(bad_line(bad) == 2);
  }
}

TEST_CASE("toml++ sees ASCII without comments, on the same lines", "[conf]") {
  CHECK(safe_toml("# \xff\nx = \"\u00fc\" # y\n") == "\nx = \"\\U000000FC\" \n");
  CHECK(safe_toml("x = \"\\\"#\\\\\u20ac\"") == "x = \"\\\"#\\\\\\U000020AC\"");
  CHECK(safe_toml("\"\U0001F600\" = 'a#\\'") == "\"\\U0001F600\" = 'a#\\'");
  for (std::string_view bad : {"x = '\u00fc'", "x = \"\\\u00fc\"", "x = \"\xff\"", "x = \"\xc3\"",
                               "x = \"\xed\xa0\x80\"", "\u00fc = 1"}) {
    INFO(bad);
    CHECK(bad_line(bad) == 1);
  }
}

TEST_CASE("half a megabyte of dotted keys is refused, not a crash", "[conf]") {
  auto parsed = parse_config(repeat("a.", 250'000) + "a = 1\n", "f.toml", {"/s", "/c"});
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().fault == Fault::syntax);
  CHECK(parsed.error().detail.starts_with("f.toml:1: nests too deeply"));
}

}  // namespace mtasts
