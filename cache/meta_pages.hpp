// meta_pages - LMDB's two meta pages: where the trees of the newest commit begin.
//
// LMDB writes them in turns and trusts the one with the greater transaction number. A number that was damaged
// makes it fall back by one commit without a word, and then it writes over the pages of the commit that it
// no longer knows. So the number is held against the free list, and against what the last writer noted.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "cache/page_file.hpp"

namespace mtasts::cache {

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

// What the last writer noted about the file (daemon.lock).
struct LastWriter {
  std::uint64_t txn = 0;                    // of its last commit; 0: it is not known
  std::optional<std::uint32_t> checksum{};  // of both meta pages
  // A write of a meta page may have failed: LMDB then takes back the number alone, so that it does not fit
  // the trees beside it, and nothing is damaged.
  bool meta_in_doubt = false;
};

struct Metas {
  Meta best;                   // the one that counts
  bool sound = false;          // both are good, and LMDB would choose the same
  bool newest = true;          // false: a newer commit there was cannot be reached from it
  std::string why;             // what is wrong; empty if sound
  std::uint32_t checksum = 0;  // of both
};

// Reads both meta pages and settles the file's page size. Throws LmdbFailure.
std::expected<Metas, NotWalked> read_metas(PageFile& file, const LastWriter& last = {});

}  // namespace mtasts::cache
