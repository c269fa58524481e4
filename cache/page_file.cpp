#include "cache/page_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "cache/layout.hpp"

namespace mtasts::cache {

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
  if (::fstat(fd_.get(), &info) != 0) throw LmdbFailure{errno, "check data.mdb"};
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
  if (first > pages() || count > pages() - first) return false;
  out.resize(count * page_size_);
  return read_at(first * page_size_, out.data(), out.size()) == out.size();
}

bool PageFile::read_rest(std::string& out) const {
  out.assign(page_size_, '\0');
  return size_ % page_size_ != 0 && read_at(pages() * page_size_, out.data(), out.size()) > 0;
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
  if (offset < short_at(bytes, 14)) return std::nullopt;  // nodes are above the upper bound
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

}  // namespace mtasts::cache
