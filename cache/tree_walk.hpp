// tree_walk - walks the trees of one snapshot of LMDB's file and tells what in them cannot be read.
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

// The keys in [from, to) lay, or may have lain, in a part of a tree that cannot be reached.
struct Hole {
  std::string from;
  std::optional<std::string> to;  // nullopt: up to the end
  bool holds(std::string_view key) const noexcept { return key >= from && (!to || key < *to); }
};

// Many of them, looked through as quickly as few.
class Holes {
 public:
  void add(Hole hole) { all_.push_back(std::move(hole)); }
  bool empty() const noexcept { return all_.empty(); }
  void settle();  // once all are added, and before holds()
  bool holds(std::string_view key) const noexcept;

 private:
  std::vector<Hole> all_;  // settled: sorted, and none touches another
};

// What walking one tree found beside its entries.
struct TreeReport {
  std::uint64_t problems = 0;
  std::string first_problem;  // for the log
  std::vector<Hole> holes;
  std::uint64_t entries = 0;
};

// Remembers which pages were met, so that none may serve twice.
class TreeWalk {
 public:
  TreeWalk(const PageFile& file, const Meta& meta);

  // Reads the list of free pages. None of them can be reached from then on: what stands there is out of date,
  // whatever points to it. So this comes before the other trees.
  TreeReport walk_free_list();

  // value: nullopt if it cannot be read. In a damaged tree keys can be out of order. False: the value is not
  // whole, so that the pages it lies on are not sound().
  using OnEntry =
      std::function<bool(std::string_view key, std::optional<std::string_view> value, std::uint16_t flags)>;
  // numeric: the keys are LMDB's own transaction numbers.
  TreeReport walk(const Tree& tree, bool numeric, const OnEntry& f);

  // A value that begins on that overflow page; nullopt: it does not hold one of that size. claim: the pages
  // count as met, and must not have been.
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
