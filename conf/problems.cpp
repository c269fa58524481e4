#include "conf/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mtasts {
namespace {

// The number of edits (insert, delete, replace, swap two neighbours) that turn a into b.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

void Problems::add(ByLine& to, unsigned line, std::string_view key, std::string_view text) const {
  std::string out = line == 0 ? fmt::format("{}: ", file_) : fmt::format("{}:{}: ", file_, line);
  if (!key.empty()) out += fmt::format("{}: ", key);
  out += text;
  to.emplace(line, std::move(out));
}

std::vector<std::string> Problems::in_order(const ByLine& problems) {
  std::vector<std::string> lines;
  for (const auto& [line, text] : problems) {
    if (lines.size() == max_problems) {
      lines.push_back(fmt::format("and {} more", problems.size() - max_problems));
      break;
    }
    lines.push_back(text);
  }
  return lines;
}

std::string Problems::errors() const { return fmt::format("{}", fmt::join(in_order(errors_), "\n")); }

std::vector<std::string> Problems::warnings() const { return in_order(warnings_); }

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() > 64) return best;
  for (auto each : candidates) {
    auto distance = edit_distance(word, each);
    if (distance < best_distance) best = each, best_distance = distance;
  }
  return best;
}

}  // namespace mtasts
