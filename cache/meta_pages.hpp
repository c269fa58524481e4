// meta_pages - reads LMDB's two meta pages, which say where the trees of the newest commit begin.
//
// LMDB writes them in turn and trusts the one with the greater transaction number. If that number is damaged,
// LMDB silently falls back by one commit, and then overwrites pages of the commit that it no longer knows. So
// this code compares the number with the free list, and with what the last writer noted in daemon.lock.
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

// Why a file cannot be walked at all.
enum class NotWalked {
  empty,         // it has no octets: nothing was ever stored
  other_format,  // an LMDB of another version, word size or byte order wrote it; it must not be changed
  no_meta,       // neither meta page can be used
};

// What the last writer noted about the file (daemon.lock).
struct LastWriter {
  std::uint64_t txn = 0;                    // transaction number of its last commit; 0: not known
  std::optional<std::uint32_t> checksum{};  // of both meta pages; nullopt: not known
  // A write of a meta page may have failed. LMDB then restores only its number, so that number and trees of
  // the page do not match; that is not damage.
  bool meta_in_doubt = false;
};

struct Metas {
  Meta best;           // the one to use
  bool sound = false;  // both are intact, and LMDB would choose the same one
  bool newest = true;  // false: there may have been a newer commit, which cannot be reached from `best`
  std::string why;     // what is wrong, for people; empty if sound
  std::uint32_t checksum = 0;  // CRC-32C of both
};

// Reads both meta pages and sets the page size of file. Throws LmdbFailure if the file cannot be read.
std::expected<Metas, NotWalked> read_metas(PageFile& file, const LastWriter& last = {});

}  // namespace mtasts::cache
