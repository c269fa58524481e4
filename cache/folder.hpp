// folder - the cache's folder: who may write it, who writes it now, and how the last writer stopped.
//
// Files: data.mdb and lock.mdb (LMDB's), daemon.lock (flock'ed by the writing process, holds its process id),
// running (there while a writer has the cache open), data.mdb.bad-TIME (set aside, never deleted). Folder
// 2750, data.mdb 0640, lock.mdb 0660: whoever can write lock.mdb is as trusted as the daemon (LMDB-13, B9).
#pragma once

#include <sys/types.h>

#include <string>

#include "cache/handles.hpp"
#include "core/decide.hpp"

namespace mtasts::cache {

inline constexpr mode_t folder_mode = 02750, data_mode = 0640, lock_mode = 0660;

std::string data_file(std::string_view folder);
std::string lock_file(std::string_view folder);

// While it lives, root acts as the owner of the folder's files, so that no file of root's appears among them
// (B8). Does nothing for others. Acts on the whole process: open caches before other threads do file work.
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
// That this process may write here, and that the files are its own.
Result<void> check_writable(const std::string& folder);
// That a reader can open what is there; it must not make anything, lock.mdb least of all (B8).
Result<void> check_readable(const std::string& folder);

// flock on daemon.lock. Fault::storage: another process holds it.
Result<Fd> take_lock(const std::string& folder);

// Moves data.mdb to data.mdb.bad-TIME and returns the new name. lock.mdb goes: it describes readers of the
// old file.
Result<std::string> set_aside(const std::string& folder, Time now);

// The marker `running`: one line a time of an unclean stop noticed, and "check" if LMDB found damage while
// running.
class Marker {
 public:
  // Reads what the last process left and writes this one's marker.
  static Result<Marker> put(const std::string& folder, Time now);
  // Two unclean stops within ten minutes, or damage noticed: the file needs a trial walk before it is
  // trusted.
  bool suspicious() const noexcept { return suspicious_; }
  bool unclean() const noexcept { return unclean_; }  // the last process did not stop in order
  // The file has been walked, or set aside: counting begins again.
  void clear() noexcept;
  // However this process stops, the next start shall walk the file.
  void demand_check() noexcept;
  // An orderly stop. damage_seen: the next start shall walk the file.
  void remove(bool damage_seen) noexcept;

 private:
  std::string path_;
  bool suspicious_ = false, unclean_ = false;
};

}  // namespace mtasts::cache
