// page_file - reads LMDB's file page by page with pread() and checks every bound, so that nothing in the file
// can kill the process.
//
// The format is that of LMDB 0.9 on a 64-bit little-endian machine: two meta pages, then B+tree and overflow
// pages. A page has no checksum, but it contains its own number. A fault in the file is returned as a value;
// a fault that keeps us from reading it (EIO, EMFILE) is thrown as LmdbFailure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
inline constexpr int most_tree_depth = 32;         // LMDB's own bound (CURSOR_STACK)
Tree parse_tree(std::string_view bytes) noexcept;  // REQUIRES: tree_size octets

class PageFile {
 public:
  // Opens and measures the file. Throws LmdbFailure with the system's code.
  explicit PageFile(const std::string& path);

  std::uint64_t size() const noexcept { return size_; }
  std::size_t page_size() const noexcept { return page_size_; }
  void set_page_size(std::size_t size) noexcept { page_size_ = size; }  // as a meta page names it
  PageNumber pages() const noexcept { return size_ / page_size_; }      // only whole pages

  // Sets out to the octets of `count` pages. False: the file ends before that. Throws LmdbFailure.
  bool read(PageNumber first, std::size_t count, std::string& out) const;
  // Sets out to what follows the last whole page, filled up with zeros to a page. False: nothing follows.
  // Throws LmdbFailure.
  bool read_rest(std::string& out) const;
  // Reads up to size octets; returns how many the file had. Throws LmdbFailure.
  std::size_t read_at(std::uint64_t offset, char* out, std::size_t size) const;

 private:
  Fd fd_;
  std::uint64_t size_ = 0;
  std::size_t page_size_ = 4096;
};

// Little-endian numbers in a page. REQUIRES: they are within it.
std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t octets) noexcept;
std::uint16_t short_at(std::string_view bytes, std::size_t at) noexcept;
std::uint32_t word_at(std::string_view bytes, std::size_t at) noexcept;

// The parts of one page. `bytes` is the whole page; views live as long as it.
namespace page {

inline constexpr std::size_t head_size = 16, node_head = 8;
inline constexpr std::uint16_t branch = 0x01, leaf = 0x02, overflow = 0x04, meta = 0x08;
inline constexpr std::uint16_t big_data = 0x01, sub_data = 0x02;  // of a node

struct Node {
  std::string_view key;
  std::uint16_t flags = 0;  // of a leaf's node
  std::uint32_t size = 0;   // of its value
  std::string_view value;   // in the page: the value, or with big_data the number of its first overflow page
  PageNumber child = no_page;  // of a branch's node
};

PageNumber number(std::string_view bytes) noexcept;
std::uint16_t flags(std::string_view bytes) noexcept;
std::uint32_t overflow_pages(std::string_view bytes) noexcept;
// The number of nodes that the page's header names; nullopt: its bounds are wrong.
std::optional<std::size_t> nodes(std::string_view bytes) noexcept;
// One node. nullopt: it is not within the page. REQUIRES: index is below nodes().
std::optional<Node> node(std::string_view bytes, std::size_t index, bool in_leaf) noexcept;
// The same for a node of a leaf at an offset; does not use the page's header.
std::optional<Node> leaf_node_at(std::string_view bytes, std::size_t offset) noexcept;

}  // namespace page

}  // namespace mtasts::cache
