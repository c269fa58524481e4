// parts - reads a text whose parts are joined by '\n'. A part is a view into the text; no heap is used. The
// last part may end in a '\n' too. An empty text has no parts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

namespace mtasts {

// Takes the first part off text and returns it; empty if text is empty.
inline std::string_view take_part(std::string_view& text) noexcept {
  std::string_view part = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

// Walks over the parts of a text and returns List::read(part) for each. Only a List can make one that begins,
// so the text is always one that a List has checked.
template <class List>
class PartIterator {
 public:
  using value_type = typename List::value_type;
  using reference = value_type;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::forward_iterator_tag;

  PartIterator() = default;  // the end
  value_type operator*() const noexcept { return List::read(part_); }
  PartIterator& operator++() noexcept {
    part_ = rest_.empty() ? std::string_view() : take_part(rest_);
    return *this;
  }
  PartIterator operator++(int) noexcept {
    PartIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const PartIterator& a, const PartIterator& b) noexcept {
    return a.part_.data() == b.part_.data();
  }

 private:
  friend List;
  explicit PartIterator(std::string_view text) noexcept : rest_(text) { ++*this; }

  std::string_view part_, rest_;  // part_.data() is null at the end
};

// The parts of any text: for (std::string_view part : Parts(text)).
class Parts {
 public:
  using value_type = std::string_view;
  using iterator = PartIterator<Parts>;

  explicit Parts(std::string_view text) noexcept : text_(text) {}
  iterator begin() const noexcept { return iterator(text_); }
  iterator end() const noexcept { return {}; }

 private:
  friend iterator;
  static std::string_view read(std::string_view part) noexcept { return part; }

  std::string_view text_;
};

}  // namespace mtasts
