#include "cache/meta_pages.hpp"

#include <algorithm>
#include <bit>

#include "cache/layout.hpp"
#include "core/crc32c.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint32_t magic = 0xBEEFC0DE, format_version = 1;
constexpr std::size_t least_page = 512, most_page = 32768;
constexpr std::size_t meta_size = 136;
constexpr std::uint16_t integer_key = 0x08;  // flags of the free list's tree
constexpr std::uint16_t no_folder = 0x4000;  // LMDB sets it there too when the file is opened by its own name
constexpr std::uint64_t most_map = std::uint64_t{1} << 47;  // no program has a larger address space

// A meta page, checked without the other one.
struct MetaPage {
  std::optional<Meta> meta;
  std::size_t page_size = 0;
  bool trees_hold = false;
  bool other_format = false;
  std::string why;
};

// LMDB writes the magic number after the page's header, whose size differs between its formats.
bool is_other_format(std::string_view head) noexcept {
  constexpr std::size_t head_64 = 16;
  if (word_at(head, head_64) == magic) return word_at(head, head_64 + 4) != format_version;
  for (std::size_t at : {std::size_t{12}, std::size_t{24}})  // 32 bit; LMDB 1.0
    if (word_at(head, at) == magic || std::byteswap(word_at(head, at)) == magic) return true;
  return std::byteswap(word_at(head, head_64)) == magic;
}

bool holds(const Tree& tree, std::uint16_t flags, PageNumber last_page) noexcept {
  if ((tree.flags & ~(flags & integer_key ? no_folder : 0)) != flags || tree.depth > most_tree_depth)
    return false;
  if (tree.root == no_page) return tree.entries == 0 && tree.depth == 0;
  return tree.root >= 2 && tree.root <= last_page && tree.depth > 0;
}

MetaPage judge(std::string_view bytes, PageNumber number) {
  MetaPage judged;
  auto bad = [&](std::string why) {
    judged.why = "meta page " + std::to_string(number) + ": " + std::move(why);
    return judged;
  };
  if (bytes.size() < page::head_size + meta_size) return bad("it is missing");
  judged.other_format = is_other_format(bytes);
  auto body = bytes.substr(page::head_size);
  if (word_at(body, 0) != magic || word_at(body, 4) != format_version)
    return bad("it is not a meta page of LMDB");
  if (page::number(bytes) != number || page::flags(bytes) != page::meta) return bad("its header is wrong");
  Meta meta;
  meta.map_size = number_at(body, 16, 8);
  meta.free = parse_tree(body.substr(24, tree_size));
  meta.main = parse_tree(body.substr(24 + tree_size, tree_size));
  meta.last_page = number_at(body, 120, 8);
  meta.txn = number_at(body, 128, 8);
  std::size_t size = meta.free.pad;  // LMDB keeps the page size there
  if (size < least_page || size > most_page || !std::has_single_bit(size))
    return bad("its page size is wrong");
  if (meta.map_size > most_map || meta.map_size % size != 0 || meta.last_page < 1 ||
      meta.last_page >= meta.map_size / size)
    return bad("its map size is wrong");
  if (meta.txn != 0 && meta.txn % 2 != number) return bad("its transaction number is wrong");
  judged.page_size = size;
  judged.trees_hold = holds(meta.free, integer_key, meta.last_page) && holds(meta.main, 0, meta.last_page);
  judged.meta = meta;
  return judged;
}

// Whether the two belong to successive commits, because LMDB writes its meta pages in turn. In a new file
// both have the same number.
bool follow(const Meta& a, const Meta& b) noexcept {
  return (a.txn == 0 && b.txn <= 1) || a.txn + 1 == b.txn || b.txn + 1 == a.txn;
}

// The free list's last key: the newest commit that freed pages. nullopt: the list is empty or cannot be read.
std::optional<std::uint64_t> newest_in_free_list(const PageFile& file, const Meta& meta) {
  std::string bytes;
  PageNumber number = meta.free.root;
  for (int depth = 1; depth <= meta.free.depth; ++depth) {
    if (number == no_page || !file.read(number, 1, bytes) || page::number(bytes) != number)
      return std::nullopt;
    auto count = page::nodes(bytes);
    bool leaf = depth == meta.free.depth;
    if (!count || *count == 0 || page::flags(bytes) != (leaf ? page::leaf : page::branch))
      return std::nullopt;
    auto last = page::node(bytes, *count - 1, leaf);
    if (!last || (leaf && last->key.size() != 8)) return std::nullopt;
    if (leaf) return get_little(last->key);
    number = last->child;
  }
  return std::nullopt;
}

// Chooses the newer of two meta pages that can both be read, even if their numbers are wrong.
Metas choose(const PageFile& file, const MetaPage& one, const MetaPage& two, const LastWriter& last) {
  Metas found;
  const Meta &first = *one.meta, &second = *two.meta;
  auto freed_first = newest_in_free_list(file, first), freed_second = newest_in_free_list(file, second);
  found.best = second.txn > first.txn ? second : first;
  if (!follow(first, second)) {
    found.why = "the transaction numbers of the meta pages do not follow each other";
    auto a = freed_first.value_or(0), b = freed_second.value_or(0);
    if (a != b) found.best = a > b ? first : second;
    found.best.txn = std::max({found.best.txn, a, b});
    return found;
  }
  found.sound = true;
  if (last.meta_in_doubt) return found;
  // A commit cannot have freed pages under the number of a later one, so such a number in the meta page is
  // wrong.
  auto judge_number = [&](const MetaPage& page, std::optional<std::uint64_t> freed, const Meta& other) {
    if (!freed || *freed <= page.meta->txn) return;
    found.sound = false;
    found.why = "the free list is newer than the commit it belongs to";
    if (*freed != other.txn + 1 || !page.trees_hold) return;
    found.best = *page.meta;
    found.best.txn = *freed;
  };
  judge_number(one, freed_first, second);
  judge_number(two, freed_second, first);
  return found;
}

std::uint32_t checksum_of(std::string_view all, std::size_t page_size) {
  std::string both;
  for (std::size_t at : {std::size_t{0}, page_size})
    if (at < all.size()) both.append(all.substr(at, page::head_size + meta_size));
  return crc32c(both);
}

}  // namespace

std::expected<Metas, NotWalked> read_metas(PageFile& file, const LastWriter& last) {
  if (file.size() == 0) return std::unexpected(NotWalked::empty);
  std::string bytes(most_page + page::head_size + meta_size, '\0');
  bytes.resize(file.read_at(0, bytes.data(), bytes.size()));
  std::string_view all(bytes);
  auto second_at = [&](std::size_t size) {
    return judge(size < all.size() ? all.substr(size) : std::string_view(), 1);
  };
  MetaPage first = judge(all, 0), second;
  if (first.meta) {
    second = second_at(first.page_size);
  } else {  // the page size is not known: find the second meta page
    for (std::size_t size = least_page; size <= most_page; size *= 2) {
      second = second_at(size);
      if (second.meta && second.page_size == size) break;
      second.meta.reset();
    }
  }
  // The roots of the older one may be wrong: if a write of it failed, LMDB has restored only its number.
  bool second_is_newer = first.meta && second.meta && second.meta->txn > first.meta->txn;
  for (MetaPage* each : {&first, &second}) {
    bool older =
        first.meta && second.meta && follow(*first.meta, *second.meta) && (each == &first) == second_is_newer;
    if (!each->meta || each->trees_hold || older) continue;
    each->meta.reset();
    each->why = "the root of a tree in a meta page is wrong";
  }
  if (!first.meta && !second.meta) {
    // Two pages that agree are not an accident.
    bool other = first.other_format && second_at(4096).other_format;
    return std::unexpected(other ? NotWalked::other_format : NotWalked::no_meta);
  }
  Metas found;
  file.set_page_size(first.meta ? first.page_size : second.page_size);
  if (first.meta && second.meta && second.page_size == first.page_size) {
    found = choose(file, first, second, last);
  } else {
    found.best = first.meta ? *first.meta : *second.meta;
    found.why = first.meta ? second.why : first.why;
    found.newest = false;
    if (found.why.empty()) found.why = "the meta pages have different page sizes";
  }
  if (found.best.txn < last.txn) {
    found.sound = found.newest = false;
    found.why = "the last commit is missing";
  }
  found.checksum = checksum_of(all, file.page_size());
  return found;
}

}  // namespace mtasts::cache
