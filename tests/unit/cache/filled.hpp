// filled - a filled cache whose file a test damages, and functions that find places in that file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/page_file.hpp"
#include "tests/unit/cache/support.hpp"

namespace mtasts::test {

struct Filled {
  TempFolder folder;
  HandClock clock;
  LogLines log;
  std::string intact;

  // "kept-000000.example" and so on, with enforce policies.
  explicit Filled(int policies = 300);
  std::unique_ptr<LmdbCache> open();
  void damage(const std::string& bytes) { write_file(folder.file("data.mdb"), bytes); }
  // The same, but the file keeps its time, as when a disk damages it unnoticed.
  void damage_quietly(const std::string& bytes);
  void read_intact() { intact = read_file(folder.file("data.mdb")); }
  std::vector<std::string> aside() { return files_like(folder.cache(), "data.mdb.bad-"); }
};

inline constexpr std::size_t page_octets = 4096;

// Makes both meta pages claim that many more pages than the file has; returns the number of pages claimed.
std::uint64_t set_last_page(std::string& bytes, std::uint64_t more);

// Turns every page that has the text in one of its nodes, and the other text anywhere, to noise; returns how
// many. Between the lower and the upper bound of a page LMDB leaves old memory, so text there says nothing
// about the page. In such a page only that gap becomes noise, and the page is not counted: a salvage would
// find the text in the gap, and which pages have it depends on how the writes fell into commits.
int noise_over_pages_with(std::string_view text, std::string_view also, std::string& bytes);

// The transaction number in a meta page, 0 or 1; which page has the greater one.
constexpr std::size_t txn_at(std::size_t meta) { return meta * page_octets + 16 + 128; }
std::uint64_t txn_of(const std::string& bytes, std::size_t meta);
std::size_t newest_meta(const std::string& bytes);

std::string_view page_of(const std::string& bytes, std::uint64_t number);
// The root page of a named database, according to the newest meta page.
std::uint64_t root_of(const std::string& bytes, std::string_view database);

}  // namespace mtasts::test
