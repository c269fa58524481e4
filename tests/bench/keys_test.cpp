#include "tests/bench/keys.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <fstream>

#include "core/map_name.hpp"
#include "core/netstring.hpp"
#include "tests/unit/cli/support.hpp"

using namespace mtasts;
using namespace mtasts::bench;

namespace {

std::string request(const Keys& keys, std::uint64_t number, std::string_view map) {
  RequestBuffer buffer;
  return std::string(write_request(buffer, map, keys, number));
}

}  // namespace

TEST_CASE("a pattern: the number stands for {}", "[bench]") {
  CHECK(KeyPattern::parse("d{}.example")->text(0) == "d0.example");
  CHECK(KeyPattern::parse("{}")->text(1234567890123456789) == "1234567890123456789");
  CHECK(KeyPattern::parse("[mx{}.example]:587")->text(7) == "[mx7.example]:587");
  CHECK_FALSE(KeyPattern::parse("d.example"));
  CHECK_FALSE(KeyPattern::parse(std::string(max_key, 'x') + "{}"));
}

TEST_CASE("a request is a netstring of the map and the key", "[bench]") {
  Keys keys(*KeyPattern::parse("d{}.example"), 10'000'000);
  CHECK(request(keys, 42, "postfix") == "19:postfix d42.example,");
  auto pattern = *KeyPattern::parse(std::string(max_key - 22, 'x') + "{}");
  Keys longest(pattern, 10);
  for (std::uint64_t number : {0ull, 99'999'999ull}) {
    auto text = request(longest, number, std::string(max_map, 'm'));
    auto frame = next_frame(text, 1000);
    REQUIRE(frame.state == Frame::State::whole);
    CHECK(frame.used == text.size());
    CHECK(parse_request(frame.payload)->key == pattern.text(number));
  }
}

TEST_CASE("a file of keys: its lines without the empty ones", "[bench]") {
  test::Folder folder;
  std::ofstream(folder / "keys") << "a.example\n\n[b.example]:25\nc.example";
  auto keys = Keys::from_file(folder / "keys");
  REQUIRE(keys);
  REQUIRE(keys->size() == 3);
  CHECK(request(*keys, 0, "m") == "11:m a.example,");
  CHECK(request(*keys, 1, "m") == "16:m [b.example]:25,");
  CHECK(request(*keys, 2, "m") == "11:m c.example,");
  std::ofstream(folder / "empty") << "\n\n";
  std::ofstream(folder / "long") << std::string(max_key + 1, 'x');
  for (const char* name : {"empty", "long", "missing"}) CHECK_FALSE(Keys::from_file(folder / name));
}
