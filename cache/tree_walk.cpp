#include "cache/tree_walk.hpp"

#include <algorithm>

#include "cache/layout.hpp"

namespace mtasts::cache {

// The range in which all keys below a page must be.
struct TreeWalk::Range {
  std::optional<std::string> from, to;  // nullopt: no bound
};

struct TreeWalk::Job {
  const Tree& tree;
  bool numeric;
  const OnEntry& f;
  TreeReport report;
  std::uint64_t branches = 0, leaves = 0, overflows = 0;

  // Compares as LMDB does.
  bool less(std::string_view a, std::string_view b) const noexcept {
    return numeric ? get_little(a) < get_little(b) : a < b;
  }
  bool within(std::string_view key, const Range& range) const noexcept {
    return !(range.from && less(key, *range.from)) && !(range.to && !less(key, *range.to));
  }
  void problem(std::string what) {
    if (report.problems++ == 0) report.first_problem = std::move(what);
  }
  void hole(std::string what, const Range& range) {
    problem(std::move(what));
    if (!numeric) report.holes.push_back({range.from.value_or(""), range.to});
  }
};

// value: the number of pages, then the pages from the last one down.
bool TreeWalk::take_free(std::string_view value) {
  if (value.size() < 8 || value.size() % 8 != 0) return false;
  auto count = get_little(value.substr(0, 8));
  if (count > value.size() / 8 - 1) return false;
  std::vector<PageNumber> taken;
  for (std::size_t i = 1; i <= count; ++i) {
    auto number = get_little(value.substr(8 * i, 8));
    if (number < 2 || number > meta_.last_page || (!taken.empty() && number >= taken.back())) return false;
    taken.push_back(number);
  }
  free_.insert(free_.end(), taken.begin(), taken.end());
  return true;
}

TreeReport TreeWalk::walk_free_list() {
  bool names_well = true;
  auto report = walk(meta_.free, true, [&](std::string_view, auto value, std::uint16_t flags) {
    bool well = value && !(flags & page::sub_data) && take_free(*value);
    names_well &= well;
    return well;
  });
  std::ranges::sort(free_);
  auto in_use = std::ranges::find_if(free_, [&](PageNumber n) { return n < met_.size() && met_[n]; });
  std::string problem;
  if (!names_well) problem = "it names a wrong page";
  if (std::ranges::adjacent_find(free_) != free_.end()) problem = "it names a page twice";
  if (in_use != free_.end()) problem = "page " + std::to_string(*in_use) + " is both in use and free";
  if (!problem.empty() && report.problems++ == 0) report.first_problem = std::move(problem);
  return report;
}

void Holes::settle() {
  std::ranges::sort(all_, {}, &Hole::from);
  std::vector<Hole> merged;
  for (Hole& hole : all_) {
    if (merged.empty() || (merged.back().to && *merged.back().to < hole.from))
      merged.push_back(std::move(hole));
    else if (merged.back().to && (!hole.to || *hole.to > *merged.back().to))
      merged.back().to = std::move(hole.to);
  }
  all_ = std::move(merged);
}

bool Holes::holds(std::string_view key) const noexcept {
  auto behind =
      std::ranges::upper_bound(all_, key, {}, [](const Hole& hole) -> std::string_view { return hole.from; });
  return behind != all_.begin() && std::prev(behind)->holds(key);
}

TreeWalk::TreeWalk(const PageFile& file, const Meta& meta)
    : file_(file), meta_(meta), met_(std::min(meta.last_page + 1, file.pages())) {}

bool TreeWalk::claim(PageNumber number) {
  if (number < 2 || number >= met_.size() || met_[number]) return false;
  if (std::ranges::binary_search(free_, number)) return false;
  met_[number] = true;
  return true;
}

TreeReport TreeWalk::walk(const Tree& tree, bool numeric, const OnEntry& f) {
  Job job{tree, numeric, f, {}};
  if (tree.root != no_page) visit(job, tree.root, {}, 1);
  bool counts_agree = job.report.entries == tree.entries && job.branches == tree.branches &&
                      job.leaves == tree.leaves && job.overflows == tree.overflows;
  if (!counts_agree) job.problem("a tree does not have as many entries or pages as its root says");
  return std::move(job.report);
}

void TreeWalk::visit(Job& job, PageNumber number, const Range& range, int depth) {
  auto name = "page " + std::to_string(number);
  if (depth > most_tree_depth) return job.hole(name + " is too deep in its tree", range);
  if (!claim(number)) return job.hole(name + " is free, used twice or not in the file", range);
  std::string bytes;
  if (!file_.read(number, 1, bytes)) return job.hole(name + " is not in the file", range);
  auto count = page::nodes(bytes);
  auto flags = page::flags(bytes);
  bool leaf = flags == page::leaf;
  if (page::number(bytes) != number || !count || *count == 0 || (!leaf && flags != page::branch))
    return job.hole(name + " is not a page of a tree", range);
  if (leaf != (depth == job.tree.depth)) job.problem(name + " is at a wrong depth");
  bool good = true;
  if (leaf) {
    ++job.leaves;
    visit_leaf(job, bytes, *count, range, good);
  } else {
    ++job.branches;
    visit_branch(job, bytes, *count, range, depth, good);
  }
  if (!good) job.problem(name + " has damaged entries");
}

void TreeWalk::visit_leaf(Job& job, const std::string& bytes, std::size_t count, const Range& range,
                          bool& good) {
  std::optional<std::string_view> before;
  bool all_fit = true;
  for (std::size_t i = 0; i < count; ++i) {
    auto node = page::node(bytes, i, true);
    bool fits = node && !(node->flags & ~(page::big_data | page::sub_data)) &&
                (!job.numeric || node->key.size() == 8);
    if (!fits) {
      all_fit = false;
      continue;
    }
    if (!job.within(node->key, range) || (before && !job.less(*before, node->key)))
      good = false;  // passed on all the same: the value's checksum tells whose it is
    else
      before = node->key;
    ++job.report.entries;
    if (!(node->flags & page::big_data)) {
      good &= job.f(node->key, node->value, node->flags);
      continue;
    }
    std::uint64_t pages = 0;
    auto first = get_little(node->value);
    auto value = overflow_value(first, node->size, true, &pages);
    bool whole =
        job.f(node->key, value ? std::optional<std::string_view>(*value) : std::nullopt, node->flags);
    job.overflows += value ? pages : 0;
    good &= value && whole;
  }
  good &= all_fit;
  if (!all_fit) job.hole("a leaf page has damaged nodes", range);  // nobody knows whose entries they were
}

void TreeWalk::visit_branch(Job& job, const std::string& bytes, std::size_t count, const Range& range,
                            int depth, bool& good) {
  // Checks all of its keys first, because a wrong key makes the ranges of its neighbours doubtful.
  std::vector<page::Node> nodes;
  for (std::size_t i = 0; i < count; ++i) {
    auto node = page::node(bytes, i, false);
    bool fits = node && (i == 0 || (job.within(node->key, range) && (!job.numeric || node->key.size() == 8) &&
                                    (i == 1 || job.less(nodes.back().key, node->key))));
    if (!fits) {
      good = false;
      return job.hole("a branch page has damaged nodes", range);
    }
    nodes.push_back(*node);
  }
  for (std::size_t i = 0; i < count; ++i) {
    Range below{i == 0 ? range.from : std::optional<std::string>(nodes[i].key),
                i + 1 < count ? std::optional<std::string>(nodes[i + 1].key) : range.to};
    visit(job, nodes[i].child, below, depth + 1);
  }
}

std::optional<std::string> TreeWalk::overflow_value(PageNumber first, std::uint32_t size, bool claim_them,
                                                    std::uint64_t* pages) {
  std::size_t page_size = file_.page_size();
  std::uint64_t count = (page::head_size + std::uint64_t{size} - 1) / page_size + 1;
  // Reads only the first page until its header has confirmed the size, which may be any number.
  std::string bytes;
  if (first < 2 || !file_.read(first, 1, bytes)) return std::nullopt;
  if (page::number(bytes) != first || page::flags(bytes) != page::overflow ||
      page::overflow_pages(bytes) != count || count > file_.pages() - first)
    return std::nullopt;
  if (claim_them)
    for (std::uint64_t i = 0; i < count; ++i)
      if (!claim(first + i)) return std::nullopt;
  if (!file_.read(first, count, bytes)) return std::nullopt;
  if (pages) *pages = count;
  return bytes.substr(page::head_size, size);
}

}  // namespace mtasts::cache
