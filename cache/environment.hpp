// environment - the opened LMDB environment and everything that had to be right before it was trusted.
//
// Order of opening for writing: folder, owner, daemon.lock, the check of the whole file if the last stop was
// not in order or the file is not as it was left, LMDB, rights, schema. A damaged file is salvaged and kept
// beside the new one; no other failure touches the file. Where nothing can be written it is opened for
// reading.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>

#include "cache/condition_keeper.hpp"
#include "cache/databases.hpp"
#include "cache/folder.hpp"
#include "cache/handles.hpp"

namespace mtasts::cache {

class Environment {
 public:
  struct Options {
    std::uint64_t max_size = 0;
    std::string lock_memory;              // memory file system for lock.mdb; empty: none
    std::function<void()> on_panic = {};  // called once, from any thread, when only a restart helps
  };
  static Result<std::unique_ptr<Environment>> open_for_writing(const std::string& path, Options options,
                                                               Time now, Log log);
  static Result<std::unique_ptr<Environment>> open_for_reading(const std::string& path, Log log);

  // REQUIRES: no transaction is left.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  MDB_env* get() const noexcept { return env_.get(); }
  const Databases& dbs() const noexcept { return databases_; }
  const std::string& path() const noexcept { return path_; }
  const Log& log() const noexcept { return log_; }
  std::uint64_t map_size() const noexcept { return map_size_; }
  bool writable() const noexcept { return writable_; }

  // As storage_error(); also remembers damage, so that the next start checks the file before trusting it, and
  // that LMDB refuses all work from now on.
  Error error(std::string_view doing, int rc);

  // LMDB refuses all work after a write of its meta page failed: only a restart helps, and on_panic is told.
  void panic(Time now);

  ConditionKeeper& condition() noexcept { return condition_; }
  // Whether the folder still holds the file that is open; words if not.
  std::optional<std::string> folder_trouble() const;

  // After a commit, on the committing thread: makes the file as long as its page count, so that other
  // programs that open it find it so (see file_size.hpp).
  void mend_size();

  // Takes over a larger map that another process made (LMDB-4). Only readers need it: the writer reserves its
  // map once. A reader holds map_gate shared from begin or renew to reset, because nobody may be in the map
  // when it moves.
  int adopt_map_size();
  std::shared_timed_mutex& map_gate() noexcept { return map_gate_; }

 private:
  explicit Environment(std::string path, Log log) : path_(std::move(path)), log_(std::move(log)) {}
  Result<void> open_and_check(unsigned flags, std::uint64_t map_size);
  Result<void> load_databases(bool create);
  Result<void> check_length();
  Result<void> check_before_opening(std::uint64_t map_size, Time now);
  Result<void> check_whole_file(std::uint64_t map_size, Time now);
  Result<void> salvage_file(std::string_view why, std::uint64_t map_size, Time now);
  Result<void> begin_writing(std::uint64_t map_size, Time now);
  Result<void> begin_reading_only(std::string why, Time now);
  Result<void> set_rights();
  bool register_once();
  void note_opened_file();

  std::string path_;
  Log log_;
  Options options_;
  std::optional<WriterLock> lock_;
  Fd reading_hold_;        // of a reader that LMDB does not know, or not yet: no writer begins meanwhile
  bool panicked_ = false;  // the store thread's
  bool writable_ = false, checked_ = false, growth_failed_ = false, fresh_ = false;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> registered_;  // device and inode of the folder
  Env env_;
  Databases databases_;
  std::uint64_t map_size_ = 0;
  int open_rc_ = 0;                   // of the last failed open_and_check()
  std::optional<FileIdentity> file_;  // data.mdb, as it was opened
  ConditionKeeper condition_;
  std::atomic<bool> damage_seen_ = false;
  std::shared_timed_mutex map_gate_;
};

}  // namespace mtasts::cache
