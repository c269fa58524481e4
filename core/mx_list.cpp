#include "core/mx_list.hpp"

#include <algorithm>

namespace mtasts {

std::optional<MxListView> MxListView::parse(std::string_view text) noexcept {
  const MxListView list(text);
  if (text.empty()) return list;
  while (std::size_t size = MxPattern::span(text)) {
    if (size == text.size()) return list;
    if (text[size] != '\n') return std::nullopt;
    text.remove_prefix(size + 1);
  }
  return std::nullopt;
}

bool MxListView::matches(const DomainName& host) const noexcept {
  return std::ranges::any_of(*this,
                             [&](std::string_view text) { return MxPattern::text_matches(text, host); });
}

void MxList::append(const MxPattern& pattern) {
  if (!text_.empty()) text_ += '\n';
  if (pattern.wildcard()) text_ += "*.";
  text_ += pattern.base().str();
}

}  // namespace mtasts
