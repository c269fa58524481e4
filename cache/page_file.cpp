#include "cache/page_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

#include "cache/layout.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint32_t magic = 0xBEEFC0DE, format_version = 1;
constexpr std::size_t least_page = 512, most_page = 32768;
constexpr std::size_t meta_size = 136;
constexpr std::uint16_t integer_key = 0x08;  // flags of the free list's tree
constexpr std::uint16_t no_folder = 0x4000;  // may be set there too, by who opened the file by its own name
constexpr int most_depth = 32;               // LMDB's own bound (CURSOR_STACK)
constexpr std::size_t most_key = 511;

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t octets) noexcept {
  return get_little(bytes.substr(at, octets));
}
std::uint16_t short_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(number_at(bytes, at, 2));
}
std::uint32_t word_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(number_at(bytes, at, 4));
}

// The head of a meta page, judged by itself.
struct MetaPage {
  std::optional<Meta> meta;
  std::size_t page_size = 0;
  bool trees_hold = false;
  bool other_format = false;
  std::string why;
};

// LMDB puts the magic number behind the page's head, whose size differs between its formats.
bool is_other_format(std::string_view head) noexcept {
  constexpr std::size_t head_64 = 16;
  if (word_at(head, head_64) == magic) return word_at(head, head_64 + 4) != format_version;
  for (std::size_t at : {std::size_t{12}, std::size_t{24}})  // 32 bit; LMDB 1.0
    if (word_at(head, at) == magic || std::byteswap(word_at(head, at)) == magic) return true;
  return std::byteswap(word_at(head, head_64)) == magic;
}

bool holds(const Tree& tree, std::uint16_t flags, PageNumber last_page) noexcept {
  if ((tree.flags & ~(flags & integer_key ? no_folder : 0)) != flags || tree.depth > most_depth) return false;
  if (tree.root == no_page) return tree.entries == 0 && tree.depth == 0;
  return tree.root >= 2 && tree.root <= last_page && tree.depth > 0;
}

MetaPage judge(std::string_view bytes, PageNumber number) {
  MetaPage judged;
  auto bad = [&](std::string why) {
    judged.why = "meta page " + std::to_string(number) + ": " + std::move(why);
    return judged;
  };
  if (bytes.size() < page::head_size + meta_size) return bad("it is not there");
  judged.other_format = is_other_format(bytes);
  auto body = bytes.substr(page::head_size);
  if (word_at(body, 0) != magic || word_at(body, 4) != format_version) return bad("it is not LMDB's");
  if (page::number(bytes) != number || page::flags(bytes) != page::meta) return bad("its head is wrong");
  Meta meta;
  meta.map_size = number_at(body, 16, 8);
  meta.free = parse_tree(body.substr(24, tree_size));
  meta.main = parse_tree(body.substr(24 + tree_size, tree_size));
  meta.last_page = number_at(body, 120, 8);
  meta.txn = number_at(body, 128, 8);
  std::size_t size = meta.free.pad;  // LMDB keeps the page size there
  if (size < least_page || size > most_page || !std::has_single_bit(size)) return bad("page size");
  if (meta.map_size % size != 0 || meta.last_page < 1 || meta.last_page >= meta.map_size / size)
    return bad("size of the map");
  if (meta.txn != 0 && meta.txn % 2 != number) return bad("number of its transaction");
  judged.page_size = size;
  judged.trees_hold = holds(meta.free, integer_key, meta.last_page) && holds(meta.main, 0, meta.last_page);
  judged.meta = meta;
  return judged;
}

// Neighbours: LMDB writes its two meta pages in turns. A new file has the same number twice.
bool follow(const Meta& a, const Meta& b) noexcept {
  return (a.txn == 0 && b.txn <= 1) || a.txn + 1 == b.txn || b.txn + 1 == a.txn;
}

}  // namespace

Tree parse_tree(std::string_view bytes) noexcept {
  return {.pad = word_at(bytes, 0),
          .flags = short_at(bytes, 4),
          .depth = short_at(bytes, 6),
          .branches = number_at(bytes, 8, 8),
          .leaves = number_at(bytes, 16, 8),
          .overflows = number_at(bytes, 24, 8),
          .entries = number_at(bytes, 32, 8),
          .root = number_at(bytes, 40, 8)};
}

PageFile::PageFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {
  struct stat info{};
  if (!fd_) throw LmdbFailure{errno, "open data.mdb"};
  if (::fstat(fd_.get(), &info) != 0) throw LmdbFailure{errno, "look at data.mdb"};
  if (!S_ISREG(info.st_mode)) throw LmdbFailure{EINVAL, "open data.mdb"};
  size_ = static_cast<std::uint64_t>(info.st_size);
}

std::size_t PageFile::read_at(std::uint64_t offset, char* out, std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    auto got = ::pread(fd_.get(), out + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw LmdbFailure{errno, "read data.mdb"};
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

bool PageFile::read(PageNumber first, std::size_t count, std::string& out) const {
  out.resize(count * page_size_);
  if (first > pages() || count > pages() - first) return false;
  return read_at(first * page_size_, out.data(), out.size()) == out.size();
}

bool PageFile::read_rest(std::string& out) const {
  out.assign(page_size_, '\0');
  return size_ % page_size_ != 0 && read_at(pages() * page_size_, out.data(), out.size()) > 0;
}

std::expected<PageFile::Metas, NotWalked> PageFile::metas() {
  if (size_ == 0) return std::unexpected(NotWalked::empty);
  std::string bytes(most_page + page::head_size + meta_size, '\0');
  bytes.resize(read_at(0, bytes.data(), bytes.size()));
  std::string_view all(bytes);
  auto second_at = [&](std::size_t size) {
    return judge(size < all.size() ? all.substr(size) : std::string_view(), 1);
  };
  MetaPage first = judge(all, 0), second;
  if (first.meta) {
    second = second_at(first.page_size);
  } else {  // the page size is not known: the second meta page tells
    for (std::size_t size = least_page; size <= most_page; size *= 2) {
      second = second_at(size);
      if (second.meta && second.page_size == size) break;
      second.meta.reset();
    }
  }
  // The older one may have roots that do not fit: where its write failed, LMDB takes back its number alone.
  bool second_is_newer = first.meta && second.meta && second.meta->txn > first.meta->txn;
  for (MetaPage* each : {&first, &second}) {
    bool older =
        first.meta && second.meta && follow(*first.meta, *second.meta) && (each == &first) == second_is_newer;
    if (!each->meta || each->trees_hold || older) continue;
    each->meta.reset();
    each->why = "the root of a tree in a meta page is wrong";
  }
  if (!first.meta && !second.meta) {
    // Both say so: that is no accident.
    bool other = first.other_format && second_at(4096).other_format;
    return std::unexpected(other ? NotWalked::other_format : NotWalked::no_meta);
  }
  Metas found;
  page_size_ = first.meta ? first.page_size : second.page_size;
  if (first.meta && second.meta && second.page_size == first.page_size) {
    found.sound = follow(*first.meta, *second.meta);
    if (!found.sound) found.why = "the meta pages' transactions do not follow each other";
    found.best = second.meta->txn > first.meta->txn ? *second.meta : *first.meta;
    if (!found.sound) {  // one of the numbers is wrong: the free list's last key tells the later one
      auto last_key = [&](const Meta& meta) {
        std::uint64_t last = 0;
        TreeWalk(*this, meta).walk(meta.free, true, [&](std::string_view key, auto, auto) {
          last = std::max(last, get_little(key));
          return true;
        });
        return last;
      };
      auto a = last_key(*first.meta), b = last_key(*second.meta);
      if (a != b) found.best = a > b ? *first.meta : *second.meta;
    }
  } else {
    found.best = first.meta ? *first.meta : *second.meta;
    found.why = first.meta ? second.why : first.why;
    found.newest = false;
    if (found.why.empty()) found.why = "the meta pages differ in their page size";
  }
  return found;
}

namespace page {

PageNumber number(std::string_view bytes) noexcept { return number_at(bytes, 0, 8); }
std::uint16_t flags(std::string_view bytes) noexcept { return short_at(bytes, 10); }
std::uint32_t overflow_pages(std::string_view bytes) noexcept { return word_at(bytes, 12); }

std::optional<std::size_t> nodes(std::string_view bytes) noexcept {
  std::size_t lower = short_at(bytes, 12), upper = short_at(bytes, 14);
  if (lower < head_size || lower > upper || upper > bytes.size() || (lower - head_size) % 2 != 0)
    return std::nullopt;
  return (lower - head_size) / 2;
}

std::optional<Node> leaf_node_at(std::string_view bytes, std::size_t offset) noexcept {
  if (offset % 2 != 0 || offset < head_size || offset + node_head > bytes.size()) return std::nullopt;
  auto head = bytes.substr(offset, node_head);
  Node node;
  node.size = word_at(head, 0);
  node.flags = short_at(head, 4);
  std::size_t key_size = short_at(head, 6), left = bytes.size() - offset - node_head;
  std::size_t here = node.flags & big_data ? sizeof(PageNumber) : node.size;
  if (key_size > most_key || key_size > left || here > left - key_size) return std::nullopt;
  node.key = bytes.substr(offset + node_head, key_size);
  node.value = bytes.substr(offset + node_head + key_size, here);
  return node;
}

std::optional<Node> node(std::string_view bytes, std::size_t index, bool in_leaf) noexcept {
  std::size_t offset = short_at(bytes, head_size + 2 * index);
  if (offset < short_at(bytes, 14)) return std::nullopt;  // nodes lie above the upper bound
  if (in_leaf) return leaf_node_at(bytes, offset);
  if (offset % 2 != 0 || offset + node_head > bytes.size()) return std::nullopt;
  auto head = bytes.substr(offset, node_head);
  std::size_t key_size = short_at(head, 6);
  if (key_size > most_key || key_size > bytes.size() - offset - node_head) return std::nullopt;
  Node node;
  node.child = number_at(head, 0, 6);
  node.key = bytes.substr(offset + node_head, key_size);
  return node;
}

}  // namespace page

// What the keys below a page must lie in. Compared as LMDB does it.
struct TreeWalk::Range {
  std::optional<std::string> from, to;  // nullopt: no bound
};

struct TreeWalk::Job {
  const Tree& tree;
  bool numeric;
  const OnEntry& f;
  TreeReport report;
  std::uint64_t branches = 0, leaves = 0, overflows = 0;

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

TreeWalk::TreeWalk(const PageFile& file, const Meta& meta)
    : file_(file),
      last_page_(meta.last_page),
      met_(std::min(meta.last_page + 1, file.pages())),
      sound_(met_.size()) {}

bool TreeWalk::claim(PageNumber number) {
  if (number < 2 || number >= met_.size() || met_[number]) return false;
  met_[number] = true;
  return true;
}

TreeReport TreeWalk::walk(const Tree& tree, bool numeric, const OnEntry& f) {
  Job job{tree, numeric, f, {}};
  if (tree.root != no_page) visit(job, tree.root, {}, 1);
  bool counts_agree = job.report.entries == tree.entries && job.branches == tree.branches &&
                      job.leaves == tree.leaves && job.overflows == tree.overflows;
  if (!counts_agree) job.problem("a tree does not have as many entries or pages as is written");
  return std::move(job.report);
}

void TreeWalk::visit(Job& job, PageNumber number, const Range& range, int depth) {
  auto name = "page " + std::to_string(number);
  if (depth > most_depth) return job.hole(name + " lies too deep", range);
  if (!claim(number)) return job.hole(name + " is used twice or is not in the file", range);
  std::string bytes;
  if (!file_.read(number, 1, bytes)) return job.hole(name + " is not in the file", range);
  auto count = page::nodes(bytes);
  auto flags = page::flags(bytes);
  bool leaf = flags == page::leaf;
  if (page::number(bytes) != number || !count || *count == 0 || (!leaf && flags != page::branch))
    return job.hole(name + " is not what it should be", range);
  if (leaf != (depth == job.tree.depth)) job.problem(name + " lies at a wrong depth");
  bool good = true;
  if (leaf) {
    ++job.leaves;
    visit_leaf(job, bytes, *count, range, good);
  } else {
    ++job.branches;
    visit_branch(job, bytes, *count, range, depth, good);
  }
  if (!good) job.problem(name + " has bad entries");
  sound_[number] = good;
}

void TreeWalk::visit_leaf(Job& job, const std::string& bytes, std::size_t count, const Range& range,
                          bool& good) {
  std::optional<std::string_view> before;
  for (std::size_t i = 0; i < count; ++i) {
    auto node = page::node(bytes, i, true);
    bool fits = node && !(node->flags & ~(page::big_data | page::sub_data)) &&
                (!job.numeric || node->key.size() == 8);
    if (!fits) {
      good = false;
      continue;
    }
    if (!job.within(node->key, range) || (before && !job.less(*before, node->key)))
      good = false;  // handed on all the same: a stored value knows whose it is
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
    if (value && whole)
      for (std::uint64_t page = 0; page < pages; ++page) sound_[first + page] = true;
  }
}

void TreeWalk::visit_branch(Job& job, const std::string& bytes, std::size_t count, const Range& range,
                            int depth, bool& good) {
  // All of its keys first: one that is wrong makes the ranges of its neighbours doubtful.
  std::vector<page::Node> nodes;
  for (std::size_t i = 0; i < count; ++i) {
    auto node = page::node(bytes, i, false);
    bool fits = node && (i == 0 || (job.within(node->key, range) && (!job.numeric || node->key.size() == 8) &&
                                    (i == 1 || job.less(nodes.back().key, node->key))));
    if (!fits) {
      good = false;
      return job.hole("a branch page has bad entries", range);
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
  std::string bytes;
  if (first < 2 || count > file_.pages() || !file_.read(first, count, bytes)) return std::nullopt;
  if (page::number(bytes) != first || page::flags(bytes) != page::overflow) return std::nullopt;
  if (claim_them) {
    if (page::overflow_pages(bytes) != count) return std::nullopt;
    for (std::uint64_t i = 0; i < count; ++i)
      if (!claim(first + i)) return std::nullopt;
  }
  if (pages) *pages = count;
  return bytes.substr(page::head_size, size);
}

}  // namespace mtasts::cache
