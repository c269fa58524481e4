#include "tests/unit/cache/filled.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>

#include "cache/layout.hpp"

namespace mtasts::test {

Filled::Filled(int policies) {
  {
    auto cache = open();
    put_many(*cache, "kept", 0, policies, policy_record(Mode::enforce, clock.now()));
  }
  read_intact();
}

std::unique_ptr<LmdbCache> Filled::open() {
  auto made = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
  INFO((made ? "" : made.error().detail));
  REQUIRE(made);
  return std::move(*made);
}

void Filled::damage_quietly(const std::string& bytes) {
  auto time = std::filesystem::last_write_time(folder.file("data.mdb"));
  damage(bytes);
  std::filesystem::last_write_time(folder.file("data.mdb"), time);
}

std::uint64_t set_last_page(std::string& bytes, std::uint64_t more) {
  constexpr std::size_t last_pgno_at = 16 + 24 + 2 * 48;  // page header, start of the meta, its two databases
  std::uint64_t last = bytes.size() / 4096 - 1 + more;
  for (std::size_t meta : {0u, 4096u}) std::memcpy(bytes.data() + meta + last_pgno_at, &last, sizeof last);
  return last + 1;
}

int noise_over_pages_with(std::string_view text, std::string_view also, std::string& bytes) {
  constexpr std::size_t page = 4096, lower_at = 12, upper_at = 14;
  int count = 0;
  for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
    auto start = at & ~(page - 1);
    auto octets = std::string_view(bytes).substr(start, page);
    auto lower = cache::get_little(octets.substr(lower_at, 2)),
         upper = cache::get_little(octets.substr(upper_at, 2));
    if (!octets.contains(also)) continue;
    if (at - start < upper) {  // in the gap, left from the page's earlier use: the page itself stays intact
      bytes.replace(start + lower, upper - lower, std::string(upper - lower, '\xAB'));
      continue;
    }
    bytes.replace(start, page, std::string(page, '\xAB'));
    ++count;
  }
  return count;
}

std::uint64_t txn_of(const std::string& bytes, std::size_t meta) {
  return cache::get_little(std::string_view(bytes).substr(txn_at(meta), 8));
}

std::size_t newest_meta(const std::string& bytes) { return txn_of(bytes, 1) > txn_of(bytes, 0) ? 1 : 0; }

std::string_view page_of(const std::string& bytes, std::uint64_t number) {
  return std::string_view(bytes).substr(number * page_octets, page_octets);
}

std::uint64_t root_of(const std::string& bytes, std::string_view database) {
  constexpr std::size_t main_at = 16 + 24 + cache::tree_size;
  auto meta = page_of(bytes, newest_meta(bytes));
  auto main = page_of(bytes, cache::parse_tree(meta.substr(main_at, cache::tree_size)).root);
  for (std::size_t i = 0; i < cache::page::nodes(main).value(); ++i) {
    auto node = cache::page::node(main, i, true).value();
    if (node.key == database) return cache::parse_tree(node.value).root;
  }
  FAIL("no such database");
  return 0;
}

}  // namespace mtasts::test
