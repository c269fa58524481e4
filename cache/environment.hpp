// environment - an open LMDB environment that has passed the checks of open_environment.hpp.
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

// A process must not open the same LMDB file twice, because closing one drops the locks of the other
// (LMDB-9). While a claim exists, claim_folder() refuses another one for the same folder.
struct ReleaseClaim {
  void operator()(const FileIdentity* folder) const noexcept;
};
using FolderClaim = std::unique_ptr<const FileIdentity, ReleaseClaim>;
// nullopt: the folder is claimed already. May be called on any thread.
std::optional<FolderClaim> claim_folder(const std::string& path);

// What was opened. The order of the members makes its destructor close LMDB first, then daemon.lock, then the
// claim.
struct Opened {
  std::string path;
  CacheLog log;
  std::function<void()> on_panic = {};
  FolderClaim claim = nullptr;
  std::optional<WriterLock> lock = std::nullopt;  // held by the process that may write
  Fd reading_hold = {};  // of a reader that is not in lock.mdb: keeps a writer from starting meanwhile
  Env env = nullptr;
  std::optional<FileIdentity> file = std::nullopt;  // the data.mdb that was opened
  Databases databases = {};
  std::uint64_t map_size = 0;
  bool writable = false;
  bool damage_seen = false;  // LMDB reported damage, and no check of the file has been made since
  CacheCondition condition = {};
};

class Environment {
 public:
  explicit Environment(Opened opened);
  // Notes in daemon.lock how the cache was closed. REQUIRES: no transaction is open.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  MDB_env* get() const noexcept { return opened_.env.get(); }
  const Databases& dbs() const noexcept { return opened_.databases; }
  const std::string& path() const noexcept { return opened_.path; }
  const CacheLog& log() const noexcept { return opened_.log; }
  std::uint64_t map_size() const noexcept { return opened_.map_size; }
  bool writable() const noexcept { return opened_.writable; }

  // As storage_error(). If rc means damage, also remembers that, so that the next start checks the file
  // before it trusts it.
  Error error(std::string_view doing, int rc);

  // To be called when LMDB has returned MDB_PANIC: a write of its meta page failed, and it refuses all work
  // from now on. Reports that only a restart helps, makes the next start check the file, and calls on_panic.
  // Does nothing when called again. Store thread only.
  void panic(Time now);

  ConditionKeeper& condition() noexcept { return condition_; }
  // nullopt: the folder still holds the file that is open. Otherwise what happened to it, for people.
  std::optional<std::string> folder_trouble() const;

  // Makes the file as long as its page count says, so that programs that open it do not take it for damaged
  // (see file_size.hpp). To be called after opening and after each commit, on the thread that commits.
  void mend_size();

  // Takes over a larger map that another process made (LMDB-4). 0, LMDB's code, or EBUSY if other threads
  // went on reading for 500 ms. Only readers need it, because the writer reserves its map once. A reader
  // holds map_gate shared from begin or renew until reset: nobody may be using the map when it moves.
  int adopt_map_size();
  std::shared_timed_mutex& map_gate() noexcept { return map_gate_; }

 private:
  Opened opened_;
  ConditionKeeper condition_;
  std::atomic<bool> damage_seen_;
  bool panicked_ = false, growth_failed_ = false;  // store thread only
  std::shared_timed_mutex map_gate_;
};

}  // namespace mtasts::cache
