// folder - the cache's folder: who may write it, who writes it now, and how the last writer stopped.
//
// Its files:
//
// - data.mdb (0640) and lock.mdb (0660): LMDB's. lock.mdb may be a link into memory, see lock_location.hpp.
// - daemon.lock (0640): the writing process holds a flock on it.
// - data.mdb.bad-TIME: a damaged file that was kept; never deleted.
//
// The folder has the mode 2750. Whoever can write lock.mdb is as trusted as the daemon (LMDB-13, LMDB-24).
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

// While it exists, a process that runs as root acts as the owner of data.mdb (or of the folder, if there is
// no data.mdb), so that root creates no files of its own in the folder (LMDB-23). Does nothing for other
// users. It changes the identity of the whole process, so open caches before other threads work with files.
class OwnerIdentity {
 public:
  explicit OwnerIdentity(const std::string& folder) noexcept;
  ~OwnerIdentity();
  OwnerIdentity(const OwnerIdentity&) = delete;
  OwnerIdentity& operator=(const OwnerIdentity&) = delete;

 private:
  bool changed_ = false;
};

// Makes the folder, and its parents, if it is missing. Fault::storage names the owner and the remedy.
Result<void> make_folder(const std::string& folder);
// Whether the file system is mounted read-only. An existing cache can then be read, but nothing new is
// stored.
bool is_mounted_read_only(const std::string& folder) noexcept;
// Checks that this process may write to the folder and owns data.mdb. Fault::storage, with the remedy, if
// not.
Result<void> check_writable(const std::string& folder);
// Checks that this process can read the cache. A reader must not create any file, least of all lock.mdb
// (LMDB-23). no_lock_needed: nobody writes, so lock.mdb may be missing. Fault::storage, with the remedy, if
// not.
Result<void> check_readable(const std::string& folder, bool no_lock_needed);

// Keeps data.mdb as data.mdb.bad-TIME, puts new_file in its place in one step, and returns the path of the
// kept file. Never replaces a file that was kept earlier. REQUIRES: lock.mdb has been removed, because it
// lists readers of the old file.
Result<std::string> replace_data(const std::string& folder, const std::string& new_file, Time now);

// Device and inode: tells files apart whatever their names.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  auto operator<=>(const FileIdentity&) const = default;
};
// Follows links. nullopt: there is no such file, or it cannot be examined.
std::optional<FileIdentity> identity_of(const std::string& path) noexcept;

// daemon.lock: the one process that writes holds a flock on it. The file names that process and the lock.mdb
// it uses, and says how it stopped. Its size never changes, so that it can be written on a full disk.
class WriterLock {
 public:
  // Takes the lock. Waits up to 5 s for programs that only read. Fault::storage, with the remedy: another
  // process writes, a program goes on reading, or daemon.lock cannot be opened. On a file system that is
  // mounted read-only a missing daemon.lock is not a failure, because nobody can write there.
  static Result<WriterLock> take(const std::string& folder);

  // How the last writer stopped, as it was when the lock was taken. wants_check: LMDB met damage. unknown:
  // this is the first start, or the last writer was an mtastsd that did not note it yet.
  enum class Left { in_order, unclean, wants_check, unknown };
  Left left() const noexcept { return left_; }
  // Whether the last writer stopped in order and data.mdb has not changed since.
  bool unchanged() const noexcept { return unchanged_; }
  // What the meta pages must say if unchanged().
  const LastWriter& last() const noexcept { return last_; }

  // Notes that the cache is open: if nothing else is noted after this, the stop was unclean, as after a power
  // cut. lock_file: the lock.mdb in use. 0 or errno.
  int opened(std::optional<FileIdentity> lock_file) noexcept;
  // Makes the next start check the file, however this process stops.
  void demand_check() noexcept;
  // Notes an orderly stop. REQUIRES: data.mdb is closed.
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
  std::optional<FileIdentity> lock_file;  // the lock.mdb that the writer uses; nullopt: it is not noted
  Fd hold;  // set if nobody writes: a shared flock that keeps a writer from starting while it is open
};
WriterSeen find_writer(const std::string& folder);

}  // namespace mtasts::cache
