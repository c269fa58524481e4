// file_size - checks whether data.mdb is as long as its newest meta page says, and lengthens it.
//
// LMDB does not write a page that one transaction took at the end of the file and freed again. So a sound
// file may be shorter than its page count: the missing pages are free, and nobody reads a free page. A file
// that was cut off looks the same, but a process that reads a page beyond its end is killed by SIGBUS
// (LMDB-21).
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <string>

namespace mtasts::cache {

std::uint64_t size_of_file(const std::string& path) noexcept;  // in octets; 0 also if there is no file

struct SizeCheck {
  int rc = MDB_SUCCESS;      // MDB_CORRUPTED: LMDB never leaves a file of this size; or the system's code
  std::uint64_t wanted = 0;  // octets that its page count asks for, if it is shorter; 0: it is long enough
  bool whole() const noexcept { return rc == MDB_SUCCESS && wanted == 0; }
};

// Reads the page count before the size, so that a process that writes meanwhile, which only makes the file
// longer, cannot make it seem too short.
SizeCheck check_size(MDB_env* env) noexcept;

// Lengthens the file to size octets, with a hole at its end; never shortens it. 0 or errno. REQUIRES: nobody
// else writes to it.
int grow_file(int fd, std::uint64_t size) noexcept;
// The same by name. REQUIRES: the file is not open in this process (LMDB-9).
int grow_file(const std::string& path, std::uint64_t size) noexcept;

}  // namespace mtasts::cache
