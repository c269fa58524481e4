// environment - an LMDB environment that is open, and was found right (open_environment.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "cache/condition_keeper.hpp"
#include "cache/databases.hpp"
#include "cache/folder.hpp"
#include "cache/handles.hpp"

namespace mtasts::cache {

// LMDB must not have one file open twice in a process: closing one drops the other's locks (LMDB-9). While a
// claim lives, no other can be had for the same folder.
struct ReleaseClaim {
  void operator()(const FileIdentity* folder) const noexcept;
};
using FolderClaim = std::unique_ptr<const FileIdentity, ReleaseClaim>;
std::optional<FolderClaim> claim_folder(const std::string& path);  // nullopt: it is claimed; any thread

// What was opened. Ends in the right order by itself: LMDB, daemon.lock, the claim.
struct Opened {
  std::string path;
  CacheLog log;
  std::function<void()> on_panic = {};
  FolderClaim claim = nullptr;
  std::optional<WriterLock> lock = std::nullopt;  // of the process that may write
  Fd reading_hold = {};  // of a reader that LMDB does not know: no writer begins meanwhile
  Env env = nullptr;
  std::optional<FileIdentity> file = std::nullopt;  // data.mdb, as it was opened
  Databases databases = {};
  std::uint64_t map_size = 0;
  bool writable = false;
  bool damage_seen = false;  // that no check of the file accounts for
  CacheCondition condition = {};
};

class Environment {
 public:
  explicit Environment(Opened opened);
  // REQUIRES: no transaction is left.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  MDB_env* get() const noexcept { return opened_.env.get(); }
  const Databases& dbs() const noexcept { return opened_.databases; }
  const std::string& path() const noexcept { return opened_.path; }
  const CacheLog& log() const noexcept { return opened_.log; }
  std::uint64_t map_size() const noexcept { return opened_.map_size; }
  bool writable() const noexcept { return opened_.writable; }

  // As storage_error(); also remembers damage, so that the next start checks the file before trusting it, and
  // that LMDB refuses all work from now on.
  Error error(std::string_view doing, int rc);

  // LMDB refuses all work after a write of its meta page failed: only a restart helps, and on_panic is told.
  void panic(Time now);

  ConditionKeeper& condition() noexcept { return condition_; }
  // Whether the folder still holds the file that is open; words if not.
  std::optional<std::string> folder_trouble() const;

  // When it was opened and after a commit, on the committing thread: makes the file as long as its page
  // count, so that other programs that open it find it so (see file_size.hpp).
  void mend_size();

  // Takes over a larger map that another process made (LMDB-4). Only readers need it: the writer reserves its
  // map once. A reader holds map_gate shared from begin or renew to reset, because nobody may be in the map
  // when it moves.
  int adopt_map_size();
  std::shared_timed_mutex& map_gate() noexcept { return map_gate_; }

 private:
  Opened opened_;
  ConditionKeeper condition_;
  std::atomic<bool> damage_seen_;
  bool panicked_ = false, growth_failed_ = false;  // the store thread's
  std::shared_timed_mutex map_gate_;
};

}  // namespace mtasts::cache
