// condition - how the cache is, for `status` and the log: what went wrong with it, since when and why.
//
// Plain values, copied out under a lock; never asked for on the answer path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace mtasts {

// Something that still goes on.
struct CacheTrouble {
  Time since{};
  std::string why;  // in words, with the remedy where there is one
};

// A reader whose transaction has stayed open: the pages freed since then cannot be used again.
struct HeldReader {
  pid_t pid = 0;
  Time since{};  // when the daemon first saw it
};

struct CacheCondition {
  // Set while it lasts. Each means: exit status 1.
  std::optional<CacheTrouble> commits_fail;  // the last commit failed, and so has each since then
  std::optional<CacheTrouble> writer_waits;  // for a lock held elsewhere, or for a disk that is stuck
  std::optional<CacheTrouble> folder_gone;   // removed or replaced: what is stored now is lost at a restart
  std::optional<CacheTrouble> read_only;     // opened for reading alone: nothing new is stored
  std::optional<CacheTrouble> must_restart;  // LMDB refuses all work after a failed write of its meta page

  // Of this run of the daemon, the check at its start included.
  std::uint64_t lost = 0;            // entries that were damaged and of which no usable copy was found
  bool more_lost = false;            // perhaps: how many there were cannot be read
  std::uint64_t salvaged = 0;        // entries taken from an older copy; they are due at once
  std::optional<Time> damaged_at{};  // when damage was last met
  std::string set_aside;             // the damaged file that was kept; empty: none

  std::vector<HeldReader> held_readers;  // longer than a minute

  bool well() const noexcept {
    return !commits_fail && !writer_waits && !folder_gone && !read_only && !must_restart && lost == 0 &&
           !more_lost && held_readers.empty();
  }
};

}  // namespace mtasts
