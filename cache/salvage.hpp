// salvage - carries every entry of a damaged data.mdb that is still whole over into a new file.
//
// What can be reached from the newest meta page is taken as it is. The indexes tell which domains are missing
// then; where they cannot be read, the keys that a lost part of the tree held do. Copies on pages that cannot
// be reached, which are what LMDB has not yet written over, fill these holes and replace nothing: the one
// that was fetched last wins and is due at once. A domain of which no copy is left is stored as lost
// (Record::lost).
#pragma once

#include <cstdint>
#include <string>

#include "cache/handles.hpp"
#include "cache/meta_pages.hpp"
#include "core/time.hpp"

namespace mtasts::cache {

struct Salvaged {
  std::uint64_t kept = 0;      // as they were
  std::uint64_t salvaged = 0;  // from an older copy
  std::uint64_t lost = 0;
  bool more_lost = false;  // perhaps: how many entries there were cannot be read
};

// Writes new_file, which must not exist, and makes it durable; the damaged file is only read. Each loss is
// logged by name where there is one. Throws LmdbFailure: the damaged file cannot be read, or the new one
// cannot be written.
Salvaged salvage(const std::string& damaged_file, const std::string& new_file, std::uint64_t map_size,
                 const LastWriter& last, const CacheLog& log);

}  // namespace mtasts::cache
