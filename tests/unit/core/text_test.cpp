#include "core/text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;

TEST_CASE("RFC 3629: UTF-8 in its shortest form, no surrogates, up to U+10FFFF", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    std::size_t want;  // offset of the first fault
  };
  constexpr std::size_t fine = std::string::npos;
  auto row = GENERATE_COPY(values<Row>({
      {"ASCII", "abc", fine},
      {"NUL is a character", std::string(1, '\0'), fine},
      {"two, three, four octets", "\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",
       fine},
      {"before and after the surrogates", "\xED\x9F\xBF\xEE\x80\x80", fine},
      {"continuation alone", "a\x80", 1},
      {"over-long two", "\xC0\xAF", 0},
      {"over-long two, C1", "\xC1\xBF", 0},
      {"over-long three", "\xE0\x9F\xBF", 0},
      {"over-long four", "\xF0\x8F\xBF\xBF", 0},
      {"surrogate", "\xED\xA0\x80", 0},
      {"above U+10FFFF", "\xF4\x90\x80\x80", 0},
      {"lead F5", "\xF5\x80\x80\x80", 0},
      {"lead FF", "ab\xFF", 2},
      {"cut after one", "\xC3", 0},
      {"cut after three", "a\xF0\x9F\x98", 1},
      {"bad third", "\xE2\x82\x28", 0},
      {"bad fourth", "\xF0\x9F\x98\x28", 0},
  }));
  INFO(row.why);
  CHECK(find_invalid_utf8(row.text) == row.want);
}

TEST_CASE("names of extension fields and keys", "[core]") {
  STATIC_CHECK(is_extension_name("a"));
  STATIC_CHECK(is_extension_name("0a_-.Z"));
  STATIC_CHECK(is_extension_name("abcdefghijklmnopqrstuvwxyz012345"));
  STATIC_CHECK_FALSE(is_extension_name("abcdefghijklmnopqrstuvwxyz0123456"));
  STATIC_CHECK_FALSE(is_extension_name(""));
  STATIC_CHECK_FALSE(is_extension_name("-a"));
  STATIC_CHECK_FALSE(is_extension_name("a b"));
  STATIC_CHECK(equal_folded("Text/Plain", "text/plain"));
  STATIC_CHECK_FALSE(equal_folded("text/plain", "text/plai"));
  STATIC_CHECK(trim(" \t a b\t") == "a b");
  STATIC_CHECK(trim(" \t ").empty());
}
