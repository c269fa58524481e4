#include "core/enum_words.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <string>

namespace mtasts {
namespace {

enum class Size : std::uint8_t { large = 200, small = 0, medium = 7 };

constexpr std::string_view words(Size size) noexcept {
  switch (size) {
    case Size::large: return "large";
    case Size::small: return "small";
    case Size::medium: return "medium";
  }
  return {};
}

}  // namespace

TEST_CASE("enumerators and words, in both directions", "[core]") {
  constexpr const auto& sizes = enum_words<Size>;
  std::string all;
  for (const auto& [word, value] : sizes) {
    all += std::string(word) + " ";
    CHECK(sizes.value_of(word) == value);
    CHECK(sizes.word_of(value) == word);
  }
  CHECK(all == "small medium large ");
  for (std::string_view none : {"", "Small", "small ", "smal"}) CHECK_FALSE(sizes.value_of(none));
  CHECK(sizes.word_of(static_cast<Size>(8)).empty());
}

}  // namespace mtasts
