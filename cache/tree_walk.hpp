// tree_walk - walks the trees of one commit in LMDB's file and reports what cannot be read in them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/meta_pages.hpp"
#include "cache/page_file.hpp"

namespace mtasts::cache {

// A part of a tree that cannot be reached. It may have held any key in [from, to).
struct Hole {
  std::string from;
  std::optional<std::string> to;  // nullopt: no upper bound
  bool holds(std::string_view key) const noexcept { return key >= from && (!to || key < *to); }
};

// A set of holes with a fast search.
class Holes {
 public:
  void add(Hole hole) { all_.push_back(std::move(hole)); }
  bool empty() const noexcept { return all_.empty(); }
  void settle();  // call it once all are added, before holds()
  bool holds(std::string_view key) const noexcept;

 private:
  std::vector<Hole> all_;  // after settle(): sorted, and no two overlap
};

// What the walk of one tree found besides its entries.
struct TreeReport {
  std::uint64_t problems = 0;
  std::string first_problem;  // for the log
  std::vector<Hole> holes;
  std::uint64_t entries = 0;
};

// Remembers which pages it has met: a page that is met again, or is on the free list, counts as not readable.
// All functions throw LmdbFailure if the file cannot be read.
class TreeWalk {
 public:
  TreeWalk(const PageFile& file, const Meta& meta);

  // Reads the list of free pages. After that these pages are not read any more: their content is outdated,
  // whatever points to them. So call this before walking the other trees.
  TreeReport walk_free_list();

  // Called for each entry of a tree. value: nullopt if it cannot be read. The views live until it returns. In
  // a damaged tree keys may be out of order. Must return false if the value is damaged, which counts as a
  // problem of its page.
  using OnEntry =
      std::function<bool(std::string_view key, std::optional<std::string_view> value, std::uint16_t flags)>;
  // Walks one tree. numeric: its keys are LMDB's transaction numbers, as in the free list.
  TreeReport walk(const Tree& tree, bool numeric, const OnEntry& f);

  // The value of `size` octets that begins on the overflow page `first`; nullopt if there is none. claim: its
  // pages now count as met, and must not have been met before. pages: set to their number; may be nullptr.
  std::optional<std::string> overflow_value(PageNumber first, std::uint32_t size, bool claim,
                                            std::uint64_t* pages);

 private:
  struct Range;
  struct Job;
  bool claim(PageNumber number);
  void visit(Job& job, PageNumber number, const Range& range, int depth);
  void visit_leaf(Job& job, const std::string& bytes, std::size_t count, const Range& range, bool& good);
  void visit_branch(Job& job, const std::string& bytes, std::size_t count, const Range& range, int depth,
                    bool& good);

  bool take_free(std::string_view value);

  const PageFile& file_;
  Meta meta_;
  std::vector<bool> met_;
  std::vector<PageNumber> free_;  // sorted
};

}  // namespace mtasts::cache
