#include "cache/layout.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "cache/tree_walk.hpp"
#include "cache/use_ring.hpp"
#include "tests/unit/cache/support.hpp"

using namespace mtasts;
using namespace mtasts::cache;
using Catch::Generators::values;

TEST_CASE("A stored value belongs to its domain", "[cache]") {
  auto bytes = join_value("good.example", 20'000, "record");
  auto value = split_value("good.example", bytes);
  REQUIRE(value);
  CHECK(value->last_used == 20'000);
  CHECK(value->record == "record");
  CHECK_FALSE(split_value("gooe.example", bytes));
  for (std::size_t size = 0; size < prefix_size; ++size)
    CHECK_FALSE(split_value("good.example", bytes.substr(0, size)));
  for (std::size_t bit = 0; bit < 8 * prefix_size; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(split_value("good.example", flipped));
  }
}

TEST_CASE("Index keys sort as their numbers do", "[cache]") {
  struct Row {
    const char* why;
    std::int64_t earlier, later;
  };
  auto row = GENERATE(values<Row>({{"by one", 1, 2},
                                   {"across an octet", 255, 256},
                                   {"across the sign bit of 32 bits", 0x7FFFFFFF, 0x80000000},
                                   {"before 1970 counts as 1970", -5, 1},
                                   {"far away", 1'800'000'000, 253'402'300'799}}));
  INFO(row.why);
  auto earlier = time_key(Time(std::chrono::seconds(row.earlier)), "zzz.example");
  auto later = time_key(Time(std::chrono::seconds(row.later)), "aaa.example");
  CHECK(earlier.view() < later.view());
  auto parsed = parse_time_key(later.view());
  REQUIRE(parsed);
  CHECK(parsed->when == Time(std::chrono::seconds(row.later)));
  CHECK(parsed->domain == "aaa.example");
}

TEST_CASE("Keys of the use index sort by rank, then by day", "[cache]") {
  auto a = used_key(Rank::negative, 90'000, "z"), b = used_key(Rank::none, 1, "a"),
       c = used_key(Rank::none, 256, "a");
  CHECK(a.view() < b.view());
  CHECK(b.view() < c.view());
  auto parsed = parse_used_key(c.view());
  REQUIRE(parsed);
  CHECK(parsed->rank == 1);
  CHECK(parsed->day == 256);
  CHECK(parsed->domain == "a");
}

TEST_CASE("Keys that are too short are refused", "[cache]") {
  CHECK_FALSE(parse_time_key(""));
  CHECK_FALSE(parse_time_key("12345678"));
  CHECK_FALSE(parse_used_key("12345"));
  std::string longest(253, 'a');
  CHECK(time_key(Time{}, longest).view().size() == 261);  // LMDB-17: at most 511
  CHECK(parse_time_key(time_key(Time{}, longest).view())->domain == longest);
}

TEST_CASE("The ring of use notes is bounded and keeps its order", "[cache]") {
  auto ring = std::make_unique<UseRing>();
  UseRing::Note note;
  CHECK_FALSE(ring->pop(note));
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t day = 0; day < UseRing::capacity; ++day) REQUIRE(ring->push("a.example", day));
    CHECK_FALSE(ring->push("dropped.example", 1));
    for (std::uint32_t day = 0; day < UseRing::capacity; ++day) {
      REQUIRE(ring->pop(note));
      CHECK(note.day == day);
      CHECK(note.domain() == "a.example");
    }
  }
}

TEST_CASE("Holes that overlap become one, and a search among many finds the right one", "[cache]") {
  cache::Holes holes;
  CHECK(holes.empty());
  for (auto [from, to] : {std::pair("m", "p"), {"b", "d"}, {"c", "f"}, {"n", "o"}, {"f", "g"}})
    holes.add({from, std::string(to)});
  holes.settle();
  for (auto in : {"b", "c", "d", "e", "f", "fz", "m", "n", "oz"}) CHECK(holes.holds(in));
  for (auto out : {"", "a", "g", "lz", "p", "z"}) CHECK_FALSE(holes.holds(out));
  holes.add({"z", std::nullopt});
  holes.add({"zz", "zzz"});
  holes.settle();
  CHECK(holes.holds("zzzzz"));
  CHECK_FALSE(holes.holds("y"));
}
