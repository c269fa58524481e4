// folder - the cache's folder: who may write it, who writes it now, and how the last writer stopped.
//
// Files: data.mdb and lock.mdb (LMDB's; the latter a link into memory, see lock_location.hpp), daemon.lock
// (flock'ed by the writing process), data.mdb.bad-TIME (damaged, kept, never deleted). Folder 2750, data.mdb
// 0640, lock.mdb 0660: whoever can write lock.mdb is as trusted as the daemon (LMDB-13, LMDB-24).
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "cache/handles.hpp"
#include "cache/meta_pages.hpp"
#include "core/time.hpp"

namespace mtasts::cache {

inline constexpr mode_t folder_mode = 02750, data_mode = 0640, lock_mode = 0660;

std::string data_file(std::string_view folder);
std::string lock_file(std::string_view folder);

// While it lives, root acts as the owner of the folder's files, so that no file of root's appears among them
// (LMDB-23). Does nothing for others. Acts on the whole process: open caches before other threads do file
// work.
class OwnerIdentity {
 public:
  explicit OwnerIdentity(const std::string& folder) noexcept;
  ~OwnerIdentity();
  OwnerIdentity(const OwnerIdentity&) = delete;
  OwnerIdentity& operator=(const OwnerIdentity&) = delete;

 private:
  bool changed_ = false;
};

// Makes the folder if it is missing (and its parents). Fault::storage with the owner's name and a remedy.
Result<void> make_folder(const std::string& folder);
// The file system is mounted read-only: a cache that is there can be served, but nothing new is stored.
bool is_mounted_read_only(const std::string& folder) noexcept;
// That this process may write here, and that the files are its own.
Result<void> check_writable(const std::string& folder);
// That a reader can open what is there; it must not make anything, lock.mdb least of all (LMDB-23).
// no_lock_needed: nobody writes, so a lock.mdb that is gone is no obstacle.
Result<void> check_readable(const std::string& folder, bool no_lock_needed);

// Moves data.mdb to data.mdb.bad-TIME, puts the new file in its place in one step, and returns the kept
// file's name. REQUIRES: lock.mdb is gone, since it describes readers of the old file.
Result<std::string> replace_data(const std::string& folder, const std::string& new_file, Time now);

// Device and inode: which file it is, whatever its name.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  auto operator<=>(const FileIdentity&) const = default;
};
std::optional<FileIdentity> identity_of(const std::string& path) noexcept;  // nullopt: there is none

// daemon.lock: flock'ed by the one process that writes. It names that process, the lock.mdb it uses, and how
// it stopped. Its size never changes, so that it can be written on a full disk.
class WriterLock {
 public:
  // Waits up to 5 s for programs that only read. Fault::storage: another process writes. A disk that is
  // mounted read-only still lets it be taken, and needs none: nobody can begin to write there.
  static Result<WriterLock> take(const std::string& folder);

  // How the last writer left the file. unknown: an mtastsd that did not tell yet, or the first start.
  enum class Left { in_order, unclean, wants_check, unknown };
  Left left() const noexcept { return left_; }
  // Whether data.mdb still is what the last writer left; false too if it did not stop in order.
  bool unchanged() const noexcept { return unchanged_; }
  // What its meta pages must say then.
  const LastWriter& last() const noexcept { return last_; }

  // From now on an end that is not told is unclean, a power cut too. 0 or errno.
  int opened(std::optional<FileIdentity> lock_file) noexcept;
  // However this process stops, the next start shall check the file.
  void demand_check() noexcept;
  // REQUIRES: data.mdb is closed.
  void stopped_in_order() noexcept;

 private:
  int write(std::string_view last_line) noexcept;
  std::string folder_;
  std::string lock_line_;
  Fd fd_;
  Left left_ = Left::unknown;
  bool unchanged_ = false;
  LastWriter last_;
};

// What a reader learns from daemon.lock.
struct WriterSeen {
  bool writes = false;                    // a writer has the cache open
  std::optional<FileIdentity> lock_file;  // which lock.mdb it uses; nullopt: it does not say
  Fd hold;                                // nobody writes, nor begins to while this lives
};
WriterSeen find_writer(const std::string& folder);

}  // namespace mtasts::cache
