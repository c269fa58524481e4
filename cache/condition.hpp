// condition - what is wrong with the cache, since when and why, for `status` and the log.
//
// Plain values, copied under a lock. The answer path never asks for them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace mtasts {

// Something that is wrong and still lasts.
struct CacheTrouble {
  Time since{};
  std::string why;  // for people, with the remedy if there is one
};

// A reader whose transaction stays open. Pages freed since it began cannot be used again, so the file grows.
struct HeldReader {
  pid_t pid = 0;
  Time since{};  // when the daemon first saw it
};

struct CacheCondition {
  // Each is set while it lasts. If one is set, `status` exits with 1.
  std::optional<CacheTrouble> commits_fail;  // every commit since then has failed
  std::optional<CacheTrouble> writer_waits;  // for a lock that another process holds, or for a stuck disk
  std::optional<CacheTrouble> folder_gone;   // removed or replaced: what is stored now is lost at a restart
  std::optional<CacheTrouble> read_only;     // opened only for reading: nothing new is stored
  std::optional<CacheTrouble> must_restart;  // LMDB refuses all work after a failed write of its meta page

  // Since the daemon was started, with the check at its start.
  std::uint64_t lost = 0;            // damaged entries of which no usable copy was found
  bool more_lost = false;            // there may be more, because their number could not be read
  std::uint64_t salvaged = 0;        // entries taken from an older copy; they are due at once
  std::optional<Time> damaged_at{};  // when damage was last found
  std::string set_aside;             // path of the damaged file that was kept; empty: none

  std::vector<HeldReader> held_readers;  // those whose transaction has been open for more than a minute

  bool well() const noexcept {
    return !commits_fail && !writer_waits && !folder_gone && !read_only && !must_restart && lost == 0 &&
           !more_lost && held_readers.empty();
  }
};

}  // namespace mtasts
