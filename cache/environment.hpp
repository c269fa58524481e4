// environment - the opened LMDB environment and everything that had to be right before it was trusted.
//
// Order of opening for writing: folder, owner, daemon.lock, marker, trial walk if the last stops were
// unclean, LMDB, size check (a short file is walked too), rights, schema. A damaged file is set aside and a
// fresh one begun; no other failure touches the file.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>

#include "cache/databases.hpp"
#include "cache/folder.hpp"
#include "cache/handles.hpp"
#include "cache/trial_walk.hpp"

namespace mtasts::cache {

class Environment {
 public:
  static Result<std::unique_ptr<Environment>> open_for_writing(const std::string& path,
                                                               std::uint64_t max_size, Time now, Log log);
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
  bool writable() const noexcept { return static_cast<bool>(lock_); }

  // As storage_error(); also remembers damage, so that the next start walks the file before trusting it.
  Error error(std::string_view doing, int rc);

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
  int open_env(unsigned flags, std::uint64_t map_size);
  Result<void> open_and_check(unsigned flags, std::uint64_t map_size);
  Result<void> load_databases();
  Result<void> check_length(bool reading);
  std::optional<std::string> damage();
  std::optional<std::string> damage_by_trial();
  void mend_short_file();
  Result<void> begin_writing(std::uint64_t map_size, Time now);
  Result<void> replace_damaged(std::string_view why, Time now);
  Result<void> set_rights();
  bool register_once();

  std::string path_;
  Log log_;
  Fd lock_;
  std::optional<Marker> marker_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> registered_;  // device and inode of the folder
  Env env_;
  Databases databases_;
  std::uint64_t map_size_ = 0;
  bool fresh_ = false;
  int open_rc_ = 0;                // LMDB's code of the last failed open_and_check()
  bool foreign_ = false;           // or that the file is not ours
  std::uint64_t wanted_size_ = 0;  // or that it is shorter than this
  std::optional<Trial> trial_;     // of the file as it is; made once
  bool accept_short_ = false, growth_failed_ = false;
  std::atomic<bool> damage_seen_ = false;
  std::shared_timed_mutex map_gate_;
};

}  // namespace mtasts::cache
