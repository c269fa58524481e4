// file_size - whether data.mdb is as long as its newest meta page says, and making it so.
//
// LMDB does not write a page that one transaction took at the file's end and freed again, so a sound file may
// be shorter than its page count: the pages that are not there are free, and nobody reads a free page. A file
// cut off by somebody else looks the same, but kills with SIGBUS whoever reads a page beyond its end
// (LMDB-21).
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <string>

namespace mtasts::cache {

std::uint64_t size_of_file(const std::string& path) noexcept;  // 0 too if there is none

struct SizeCheck {
  int rc = MDB_SUCCESS;      // MDB_CORRUPTED: no size LMDB leaves behind; or the system's code
  std::uint64_t wanted = 0;  // the file is shorter than this; 0: it is long enough
  bool whole() const noexcept { return rc == MDB_SUCCESS && wanted == 0; }
};

// Reads the page count before the size: a file that another process writes meanwhile only grows.
SizeCheck check_size(MDB_env* env) noexcept;

// Makes the file that long with a hole at its end; never shorter. 0 or errno. REQUIRES: nobody else writes.
int grow_file(int fd, std::uint64_t size) noexcept;
// The same by name. REQUIRES: it is not open in this process (LMDB-9).
int grow_file(const std::string& path, std::uint64_t size) noexcept;

}  // namespace mtasts::cache
