// lock_location - keeps LMDB's lock.mdb in memory, so that readers go on while the cache's file system is
// frozen.
//
// A reader enters itself in lock.mdb, which is a write; on a frozen file system (fsfreeze, as snapshots do)
// it would wait until the thaw. So lock.mdb in the cache's folder is a symbolic link to a file on a memory
// file system. Why so: docs/adr/0012.
#pragma once

#include <string>

#include "cache/handles.hpp"

namespace mtasts::cache {

// Before LMDB opens the cache for writing. Where it can't be done lock.mdb stays a file of the folder.
// memory: the memory file system to use; empty: none. REQUIRES: daemon.lock is held.
void put_lock_in_memory(const std::string& folder, const std::string& memory, const CacheLog& log);

// Removes the link, and what it leads to if that is this user's own.
void drop_lock_file(const std::string& folder) noexcept;

// Whether lock.mdb is a file of the folder, or leads into a folder that belongs to the owner of data.mdb and
// that nobody else can write. /dev/shm is open to everybody: after a reboot another user could make the file
// that the link names. Whoever opens the cache without being its writer must ask this first.
bool lock_file_is_trusted(const std::string& folder) noexcept;

}  // namespace mtasts::cache
