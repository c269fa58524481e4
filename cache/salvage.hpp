// salvage - copies every intact entry of a damaged data.mdb into a new file.
//
// Entries that can be reached from the newest meta page are copied as they are. Then the indexes tell which
// domains are missing; if they cannot be read, any domain in the key range of a lost part may be missing.
// For a missing domain, pages that cannot be reached may hold older copies that LMDB has not overwritten yet:
// the copy that was fetched last is taken, and is due at once. A copy never replaces an entry that was
// reached. A domain of which no copy is left is stored as lost (Record::lost).
#pragma once

#include <cstdint>
#include <string>

#include "cache/handles.hpp"
#include "cache/meta_pages.hpp"
#include "core/time.hpp"

namespace mtasts::cache {

struct Salvaged {
  std::uint64_t kept = 0;      // entries copied as they were
  std::uint64_t salvaged = 0;  // entries taken from an older copy
  std::uint64_t lost = 0;
  bool more_lost = false;  // there may be more, because the number of entries could not be read
};

// Writes new_file, which must not exist, and makes it durable; the damaged file is only read. Logs each loss,
// with the domain if its name could be read. map_size: address space for the new file, in octets. last: what
// daemon.lock says about the damaged file. Throws LmdbFailure: the damaged file cannot be read, or the new
// one cannot be written; the caller must then remove new_file.
Salvaged salvage(const std::string& damaged_file, const std::string& new_file, std::uint64_t map_size,
                 const LastWriter& last, const CacheLog& log);

}  // namespace mtasts::cache
