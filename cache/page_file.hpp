// page_file - reads LMDB's file page by page with read() and checks every bound: nothing that stands in the
// file can kill the process that reads it so.
//
// The format is that of LMDB 0.9 on a 64-bit little-endian machine, as docs/CACHE_FORMAT.md repeats it: two
// meta pages, then B+tree and overflow pages. A page has no checksum, but it names its own number. What is
// wrong with the file is a value; what keeps us from reading it (EIO, EMFILE) is thrown as LmdbFailure.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/handles.hpp"

namespace mtasts::cache {

using PageNumber = std::uint64_t;
inline constexpr PageNumber no_page = ~PageNumber{0};  // the root of an empty tree

// One database as LMDB describes it (MDB_db).
struct Tree {
  std::uint32_t pad = 0;
  std::uint16_t flags = 0, depth = 0;
  std::uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0;
  PageNumber root = no_page;
};
inline constexpr std::size_t tree_size = 48;
Tree parse_tree(std::string_view bytes) noexcept;  // REQUIRES: tree_size octets

struct Meta {
  std::uint64_t map_size = 0;
  Tree free, main;
  PageNumber last_page = 0;
  std::uint64_t txn = 0;
};

// Why a file is not walked at all.
enum class NotWalked {
  empty,         // no octets: a cache that was never begun
  other_format,  // LMDB's, but of another version, word size or byte order: not ours to change
  no_meta,       // neither meta page can be used
};

class PageFile {
 public:
  // Opens and measures the file. Throws LmdbFailure with the system's code.
  explicit PageFile(const std::string& path);

  struct Metas {
    Meta best;           // the one that counts
    bool sound = false;  // both are good, and LMDB would choose the same
    bool newest = true;  // false: the other one cannot be read, and may have been the newer
    std::string why;     // what is wrong; empty if sound
  };
  // Reads both meta pages and settles the page size.
  std::expected<Metas, NotWalked> metas();

  std::uint64_t size() const noexcept { return size_; }
  std::size_t page_size() const noexcept { return page_size_; }
  PageNumber pages() const noexcept { return size_ / page_size_; }  // whole ones

  // False: the file ends before. Octets of `count` pages.
  bool read(PageNumber first, std::size_t count, std::string& out) const;
  // What stands behind the last whole page, with zeros up to a page. False: nothing.
  bool read_rest(std::string& out) const;

 private:
  std::size_t read_at(std::uint64_t offset, char* out, std::size_t size) const;
  Fd fd_;
  std::uint64_t size_ = 0;
  std::size_t page_size_ = 4096;
};

// A page's own words about itself. Views live as long as the page's bytes.
namespace page {

inline constexpr std::size_t head_size = 16, node_head = 8;
inline constexpr std::uint16_t branch = 0x01, leaf = 0x02, overflow = 0x04, meta = 0x08;
inline constexpr std::uint16_t big_data = 0x01, sub_data = 0x02;  // of a node

struct Node {
  std::string_view key;
  std::uint16_t flags = 0;     // of a leaf's node
  std::uint32_t size = 0;      // of its value
  std::string_view value;      // what stands in the page: the value, or the number of its first overflow page
  PageNumber child = no_page;  // of a branch's node
};

PageNumber number(std::string_view bytes) noexcept;
std::uint16_t flags(std::string_view bytes) noexcept;
std::uint32_t overflow_pages(std::string_view bytes) noexcept;
// How many nodes it says it has; nullopt: its bounds are wrong.
std::optional<std::size_t> nodes(std::string_view bytes) noexcept;
// nullopt: it does not lie within the page.
std::optional<Node> node(std::string_view bytes, std::size_t index, bool in_leaf) noexcept;
// The same of a leaf's node at an offset, whatever the page's head says.
std::optional<Node> leaf_node_at(std::string_view bytes, std::size_t offset) noexcept;

}  // namespace page

// The keys in [from, to) lay, or may have lain, in a part of a tree that cannot be reached.
struct Hole {
  std::string from;
  std::optional<std::string> to;  // nullopt: up to the end
  bool holds(std::string_view key) const noexcept { return key >= from && (!to || key < *to); }
};

// What walking one tree found beside its entries.
struct TreeReport {
  std::uint64_t problems = 0;
  std::string first_problem;  // for the log
  std::vector<Hole> holes;
  std::uint64_t entries = 0;
};

// Walks the trees of one snapshot; remembers which pages were met, so that none may serve twice.
class TreeWalk {
 public:
  TreeWalk(const PageFile& file, const Meta& meta);

  // value: nullopt if it cannot be read. In a damaged tree keys can be out of order. False: the value is not
  // whole, so that the pages it lies on are not sound().
  using OnEntry =
      std::function<bool(std::string_view key, std::optional<std::string_view> value, std::uint16_t flags)>;
  // numeric: the keys are LMDB's own transaction numbers.
  TreeReport walk(const Tree& tree, bool numeric, const OnEntry& f);

  // Reached, and nothing wrong with it.
  bool sound(PageNumber number) const noexcept { return number < sound_.size() && sound_[number]; }
  bool met(PageNumber number) const noexcept { return number < met_.size() && met_[number]; }
  // A value that begins on that overflow page; nullopt: it does not hold one of that size.
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

  const PageFile& file_;
  PageNumber last_page_;
  std::vector<bool> met_, sound_;
};

}  // namespace mtasts::cache
