// lock_location - keeps LMDB's lock.mdb in memory, so that readers go on while the cache's file system is
// frozen.
//
// A reader enters itself in lock.mdb, which is a write. On a frozen file system (fsfreeze, as for snapshots)
// it would wait until the thaw. So lock.mdb in the cache's folder is a symbolic link to a file on a memory
// file system. docs/adr/0012 gives the reasons.
#pragma once

#include <string>

#include "cache/handles.hpp"

namespace mtasts::cache {

// Makes lock.mdb a link into memory. If that is not possible, lock.mdb stays a file in the folder, and a
// failure is logged. Call it before LMDB opens the cache for writing. memory: the memory file system to use;
// empty: none. REQUIRES: daemon.lock is held.
void put_lock_in_memory(const std::string& folder, const std::string& memory, const CacheLog& log);

// Removes lock.mdb. If it is a link, also removes its target, if that belongs to this user.
void drop_lock_file(const std::string& folder) noexcept;

// Whether lock.mdb is a file in the cache's folder, or links into a folder that belongs to the owner of
// data.mdb and that nobody else can write to. /dev/shm is open to everybody: after a reboot another user
// could create the file that the link names. A process that opens the cache but does not write it must check
// this first.
bool lock_file_is_trusted(const std::string& folder) noexcept;

}  // namespace mtasts::cache
