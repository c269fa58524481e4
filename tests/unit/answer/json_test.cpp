#include "answer/json.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

namespace mtasts {

TEST_CASE("JSON is printable ASCII and means the same", "[json]") {
  std::string text = "a\"\\\x1b\x7f\n\u00fc\u20ac\U0001F600\u009b";
  auto written = ascii_json(to_json(text));
  CHECK(std::ranges::all_of(written, [](char c) { return c >= ' ' && c <= '~'; }));
  CHECK(boost::json::parse(written) == boost::json::value(to_json(text)));
}

TEST_CASE("octets that are not valid UTF-8 become U+FFFD in JSON", "[json]") {
  CHECK(ascii_json(to_json("a\xff\xc3")) == "\"a\\ufffd\\ufffd\"");
  CHECK(boost::json::parse(ascii_json(to_json("\xed\xa0\x80"))).is_string());
}

TEST_CASE("a time is UTC, and null stands for never", "[json]") {
  CHECK(time_or_null(Time{}).is_null());
  CHECK(time_or_null(Time{std::chrono::seconds(1769860800)}) == boost::json::value("2026-01-31T12:00:00Z"));
}

}  // namespace mtasts
