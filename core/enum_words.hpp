// enum_words - the words for the enumerators of an enum, in both directions.
//
// The words are written once, in a function that is a switch without a default: an enumerator without a word
// does not compile. From that function the compiler makes the table for the way back.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mtasts {

template <class E>
struct EnumWord {
  std::string_view word;
  E value;
};

// All enumerators with their words, in the order of their values. REQUIRES: values from 0 to 511; an
// enumerator outside that range is left out. More than 16 enumerators, or two with the same word, do not
// compile.
template <class E>
class EnumWords {
 public:
  // word: a constexpr function that returns the word of an enumerator, and "" for every other value.
  consteval explicit EnumWords(std::string_view (*word)(E)) {
    constexpr auto most = std::numeric_limits<std::underlying_type_t<E>>::max();
    for (int number = 0; number <= 511 && std::cmp_less_equal(number, most); ++number) {
      E value = static_cast<E>(number);
      if (word(value).empty()) continue;
      if (value_of(word(value))) throw "two enumerators have one word";
      all_.at(count_++) = {word(value), value};
    }
  }

  constexpr const EnumWord<E>* begin() const noexcept { return all_.data(); }
  constexpr const EnumWord<E>* end() const noexcept { return all_.data() + count_; }

  // nullopt: no enumerator has this word.
  constexpr std::optional<E> value_of(std::string_view word) const noexcept {
    for (const auto& each : *this)
      if (each.word == word) return each.value;
    return std::nullopt;
  }

  // "" for a value that is not an enumerator.
  constexpr std::string_view word_of(E value) const noexcept {
    for (const auto& each : *this)
      if (each.value == value) return each.word;
    return {};
  }

 private:
  std::array<EnumWord<E>, 16> all_{};
  std::size_t count_ = 0;
};

// The table of an enum that has a constexpr words() beside it.
template <class E>
inline constexpr EnumWords<E> enum_words{[](E value) -> std::string_view { return words(value); }};

}  // namespace mtasts
