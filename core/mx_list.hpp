// mx_list - the mx values of a policy, as the text that the cache stores: MxPattern texts in the policy's
// order, joined by '\n'.
//
// A list always has text of this form, so its readers need not check it again, and no value can become an
// attribute of a reply. They read it in place, without the heap.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/mx_pattern.hpp"
#include "core/parts.hpp"

namespace mtasts {

// A list, borrowed: for (std::string_view pattern : mx) gives the patterns' texts. Lives as long as what it
// was taken from.
class MxListView {
 public:
  using value_type = std::string_view;
  using iterator = PartIterator<MxListView>;

  MxListView() = default;  // no patterns
  // nullopt: a part is not the text() of an MxPattern, or a '\n' does not stand between two parts. Never
  // throws.
  static std::optional<MxListView> parse(std::string_view text) noexcept;

  // Whether one of the patterns matches the host.
  bool matches(const DomainName& host) const noexcept;

  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  iterator begin() const noexcept { return iterator(text_); }
  iterator end() const noexcept { return {}; }
  friend bool operator==(const MxListView&, const MxListView&) = default;

 private:
  friend iterator;
  friend class MxList;
  explicit MxListView(std::string_view text) noexcept : text_(text) {}
  static std::string_view read(std::string_view part) noexcept { return part; }

  std::string_view text_;
};

// The same, owned.
class MxList {
 public:
  MxList() = default;  // no patterns
  explicit MxList(MxListView mx) : text_(mx.text()) {}

  // Adds a pattern at the end, even if the list has it already.
  void append(const MxPattern& pattern);

  operator MxListView() const noexcept { return MxListView(text_); }
  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  MxListView::iterator begin() const noexcept { return MxListView(text_).begin(); }
  MxListView::iterator end() const noexcept { return {}; }
  friend bool operator==(const MxList&, const MxList&) = default;

 private:
  std::string text_;
};

}  // namespace mtasts
