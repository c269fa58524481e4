#include "cache/environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <set>
#include <thread>

#include "cache/file_check.hpp"
#include "cache/file_size.hpp"
#include "cache/lmdb_env.hpp"
#include "cache/lock_place.hpp"
#include "cache/salvage.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint64_t least_map = 64ull << 30;  // sparse address space, never resized under readers (B1)

// LMDB must not have one file open twice in a process: closing one drops the other's locks (LMDB-9).
std::mutex open_folders_mutex;
std::set<std::pair<std::uint64_t, std::uint64_t>> open_folders;

bool on_network(const std::string& path) {
  struct statfs info{};
  if (::statfs(path.c_str(), &info) != 0) return false;
  auto type = static_cast<std::uint32_t>(info.f_type);
  return type == 0x6969 || type == 0xFF534D42 || type == 0xFE534D42 ||
         type == 0x517B;  // NFS, CIFS, SMB2, SMB
}

bool no_room(int rc) noexcept { return rc == EROFS || rc == ENOSPC || rc == EDQUOT; }

}  // namespace

Result<std::unique_ptr<Environment>> Environment::open_for_writing(const std::string& path, Options options,
                                                                   Time now, Log log) {
  if (auto made = make_folder(path); !made) return std::unexpected(made.error());
  OwnerIdentity owner(path);
  int unwritable = is_mounted_read_only(path) ? EROFS : 0;
  if (unwritable == 0)
    if (auto writable = check_writable(path); !writable) return std::unexpected(writable.error());
  std::unique_ptr<Environment> env(new Environment(path, std::move(log)));
  auto lock = WriterLock::take(path);
  if (!lock) return std::unexpected(lock.error());
  env->lock_.emplace(std::move(*lock));
  if (!env->register_once())
    return fail(Fault::storage, "cache " + path + ": is already open in this process");
  auto max_size = options.max_size;
  env->options_ = std::move(options);
  auto map_size =
      std::max(least_map, max_size > UINT64_MAX / 4 ? max_size : 4 * max_size) & ~std::uint64_t{0xFFFF};
  if (auto sound = env->check_before_opening(map_size, now); !sound) return std::unexpected(sound.error());
  if (unwritable == 0) {
    auto begun = env->begin_writing(map_size, now);
    if (begun) return env;
    if (!no_room(env->open_rc_) || size_of_file(data_file(path)) == 0) return std::unexpected(begun.error());
    unwritable = env->open_rc_;
  }
  auto why = storage_error(path, "write", unwritable).detail;
  if (auto reading = env->begin_reading_only(why, now); !reading) return std::unexpected(reading.error());
  return env;
}

Result<std::unique_ptr<Environment>> Environment::open_for_reading(const std::string& path, Log log) {
  auto writer = look_for_writer(path);
  bool lock_is_there = identity_of(lock_file(path)).has_value() && lock_file_is_trusted(path);
  bool idle = static_cast<bool>(writer.hold);
  if (auto readable = check_readable(path, idle); !readable) return std::unexpected(readable.error());
  // Two that do not share one lock.mdb do not see each other: the writer would write over what is read.
  if (writer.writes && writer.lock_file && identity_of(lock_file(path)) != writer.lock_file)
    return fail(Fault::storage,
                "cache " + path +
                    ": the running mtastsd uses another lock.mdb than the one that is seen here; run this "
                    "where it runs (in its container or mount namespace), or restart it");
  OwnerIdentity owner(path);
  std::unique_ptr<Environment> env(new Environment(path, std::move(log)));
  if (!env->register_once())
    return fail(Fault::storage, "cache " + path + ": is already open in this process");
  unsigned flags = MDB_RDONLY;
  if (!idle && !lock_is_there)
    return fail(Fault::storage,
                "cache " + path + ": lock.mdb leads to a place that is not the cache's own; restart mtastsd");
  if (idle && !lock_is_there)
    flags |= MDB_NOLOCK;  // it lay in memory, and the machine was started anew since
  env->reading_hold_ = std::move(writer.hold);
  // No size: the reader adopts the stored one (LMDB-5).
  if (auto opened = env->open_and_check(flags, 0); !opened) return std::unexpected(opened.error());
  // From here on LMDB's own lock on lock.mdb tells a writer of this reader; before, it could have begun that
  // table anew.
  if (lock_is_there) env->reading_hold_ = Fd();
  return env;
}

Environment::~Environment() {
  env_.reset();
  if (lock_ && writable_) {
    if (damage_seen_)
      lock_->demand_check();
    else
      lock_->stopped_in_order();
  }
  if (!registered_) return;
  std::scoped_lock hold(open_folders_mutex);
  open_folders.erase(*registered_);
}

bool Environment::register_once() {
  struct stat info{};
  if (::stat(path_.c_str(), &info) != 0) return true;
  std::pair<std::uint64_t, std::uint64_t> identity(info.st_dev, info.st_ino);
  std::scoped_lock hold(open_folders_mutex);
  if (!open_folders.insert(identity).second) return false;
  registered_ = identity;
  return true;
}

Result<void> Environment::begin_writing(std::uint64_t map_size, Time now) {
  if (on_network(path_))
    log_.warning("cache " + path_ + ": is on a network file system, which LMDB does not support");
  writable_ = true;
  put_lock_in_memory(path_, options_.lock_memory, log_);
  for (int tries = 0;; ++tries) {
    auto opened = open_and_check(0, map_size);
    if (opened) break;
    writable_ = false;
    env_.reset();
    if (!damaged(open_rc_) || tries == 2) return opened;
    if (!checked_) {  // what opening alone met
      if (auto sound = check_whole_file(map_size, now); !sound) return sound;
    } else {  // not data.mdb, so lock.mdb; daemon.lock is ours, so nobody else writes
      log_.warning("cache " + path_ + ": lock.mdb is damaged or of another LMDB; it is made anew");
      drop_lock_file(path_);
      put_lock_in_memory(path_, options_.lock_memory, log_);
    }
    writable_ = true;
  }
  if (int rc = lock_->opened(identity_of(lock_file(path_))))
    log_.warning(storage_error(path_, "note in daemon.lock that the cache is open", rc).detail);
  if (damage_seen_) lock_->demand_check();
  return {};
}

// Nothing new is stored, but what is cached goes on protecting.
Result<void> Environment::begin_reading_only(std::string why, Time now) {
  env_.reset();
  writable_ = false;
  unsigned lock = lock_file_is_trusted(path_) ? 0u : unsigned{MDB_NOLOCK};
  auto opened = open_and_check(MDB_RDONLY | lock, 0);
  // daemon.lock is ours, or the disk is read-only: nobody writes, so a lock.mdb that can't be had is not
  // needed.
  if (!opened && (no_room(open_rc_) || open_rc_ == ENOENT))
    opened = open_and_check(MDB_RDONLY | MDB_NOLOCK, 0);
  if (!opened) return opened;
  log_.error(why + "; it is opened for reading only: what is cached is answered, nothing new is stored");
  condition_.read_only(std::move(why), now);
  return {};
}

// The meta pages always; everything else only if something may have happened to it, so that a start after a
// stop in order is quick.
Result<void> Environment::check_before_opening(std::uint64_t map_size, Time now) try {
  using Left = WriterLock::Left;
  if (size_of_file(data_file(path_)) == 0) return {};
  if (lock_->left() == Left::unclean)
    log_.warning("cache " + path_ + ": the last mtastsd did not stop in order");
  if (lock_->unchanged() && metas_hold(data_file(path_), lock_->last())) return {};
  return check_whole_file(map_size, now);
} catch (const LmdbFailure& failure) {
  return std::unexpected(storage_error(path_, failure.doing, failure.rc));
}

Result<void> Environment::check_whole_file(std::uint64_t map_size, Time now) try {
  checked_ = true;
  auto check = check_file(data_file(path_), lock_->last());
  if (auto why = refusal(check); !why.empty())
    return fail(Fault::storage, "cache " + path_ + ": data.mdb: " + why);
  if (check.verdict == Verdict::empty) return {};
  if (check.verdict == Verdict::damaged) return salvage_file(check.why, map_size, now);
  if (check.lengthen != 0)  // every page in use is there, so those beyond the end are free
    if (int rc = grow_file(data_file(path_), check.lengthen); rc != 0 && rc != EROFS)
      log_.warning(storage_error(path_, "lengthen data.mdb to its page count", rc).detail);
  return {};
} catch (const LmdbFailure& failure) {  // it says nothing about the file
  return std::unexpected(storage_error(path_, failure.doing, failure.rc));
} catch (const std::bad_alloc&) {
  return std::unexpected(storage_error(path_, "check data.mdb", ENOMEM));
}

Result<void> Environment::salvage_file(std::string_view why, std::uint64_t map_size, Time now) {
  auto fresh = data_file(path_) + ".new";
  ::unlink(fresh.c_str());
  Salvaged salvaged;
  try {
    salvaged = salvage(data_file(path_), fresh, map_size, lock_->last(), log_);
  } catch (const LmdbFailure& failure) {
    ::unlink(fresh.c_str());
    auto error = storage_error(path_, failure.doing, failure.rc);
    error.detail = "cache " + path_ + ": data.mdb is damaged (" + std::string(why) +
                   ") and was left as it is, because it could not be mended: " + error.detail;
    return std::unexpected(std::move(error));
  }
  drop_lock_file(path_);
  auto kept = replace_data(path_, fresh, now);
  if (!kept) return std::unexpected(kept.error());
  damage_seen_ = false;
  condition_.damaged(salvaged.lost, salvaged.salvaged, *kept, now);
  if (salvaged.more_lost) condition_.more_lost();
  log_.error("cache " + path_ + ": data.mdb was damaged (" + std::string(why) +
             "): " + std::to_string(salvaged.kept) + " entries are carried over, " +
             std::to_string(salvaged.salvaged) + " taken from older copies, " +
             std::to_string(salvaged.lost) + (salvaged.more_lost ? " lost, and perhaps more" : " lost") +
             "; the damaged file is kept as " + *kept);
  return {};
}

void Environment::note_opened_file() { file_ = identity_of(data_file(path_)); }

std::optional<std::string> Environment::folder_trouble() const {
  auto here = identity_of(data_file(path_));
  if (!file_ || here == file_) return std::nullopt;
  return "cache " + path_ + ": data.mdb was " + (here ? "replaced" : "removed") +
         " under the running mtastsd, which goes on with the file it opened; restart it";
}

// For a reader. Another process that has committed lengthens its file at once; where nobody can write, the
// file stays as short as LMDB left it, and is read so if nothing that is in use is missing.
Result<void> Environment::check_length() try {
  bool settled = lock_ || reading_hold_ || is_mounted_read_only(path_);
  auto checked = check_size(env_.get());
  for (int tries = 0; !checked.whole() && !settled && tries < 25; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    checked = check_size(env_.get());
  }
  open_rc_ = checked.rc;
  if (checked.whole()) return {};
  if (checked.rc != MDB_SUCCESS && checked.rc != MDB_CORRUPTED)
    return std::unexpected(error("look at data.mdb's size", checked.rc));
  bool lawful = checked.rc == MDB_SUCCESS && settled &&
                (checked_ || check_file(data_file(path_)).verdict == Verdict::sound);
  if (lawful) return {};
  return fail(Fault::storage,
              "cache " + path_ +
                  ": data.mdb is shorter than its own page count; restart mtastsd: it then checks the file "
                  "and mends it");
} catch (const LmdbFailure& failure) {
  open_rc_ = failure.rc;
  return std::unexpected(error(failure.doing, failure.rc));
}

void Environment::mend_size() {
  int fd = -1;
  auto checked = check_size(env_.get());
  if (checked.rc != MDB_SUCCESS || checked.wanted == 0) return;
  mdb_env_get_fd(env_.get(), &fd);
  int rc = grow_file(fd, checked.wanted);
  if (rc != 0 && !growth_failed_)
    log_.warning(storage_error(path_, "lengthen data.mdb to its page count", rc).detail);
  growth_failed_ = rc != 0;
}

Result<void> Environment::open_and_check(unsigned flags, std::uint64_t map_size) {
  bool reading = (flags & MDB_RDONLY) != 0;
  fresh_ = size_of_file(data_file(path_)) == 0;
  // Another process that opens or closes at this moment can make an open fail (LMDB-18).
  for (int tries = 0;; ++tries) {
    open_rc_ = open_lmdb(env_, path_, flags, {map_size, options_.max_size}, log_);
    if (open_rc_ == MDB_SUCCESS) break;
    env_.reset();
    bool again = tries < 5 && (reading || open_rc_ == EAGAIN || open_rc_ == EBUSY);
    if (!again) return std::unexpected(error("open data.mdb", open_rc_));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (reading)
    if (auto length = check_length(); !length) return length;
  note_opened_file();
  if (!reading)
    if (auto rights = set_rights(); !rights) return rights;
  int cleared = 0;
  mdb_reader_check(env_.get(), &cleared);  // readers that were killed pin pages (LMDB-7)
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  map_size_ = info.me_mapsize;
  auto loaded = load_databases(!reading);
  if (loaded && !reading) mend_size();
  return loaded;
}

Result<void> Environment::set_rights() {
  int fd = -1;
  mdb_env_get_fd(env_.get(), &fd);
  // By name: opening and closing lock.mdb here would drop LMDB's own locks on it (LMDB-9).
  bool set = ::fchmod(fd, data_mode) == 0 && ::chmod(lock_file(path_).c_str(), lock_mode) == 0;
  if (!set) open_rc_ = errno;
  if (!set) return std::unexpected(error("set the rights of data.mdb and lock.mdb", open_rc_));
  Fd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fresh_ && folder) ::fsync(folder.get());  // else a power loss could forget the new file's name
  return {};
}

Result<void> Environment::load_databases(bool create) try {
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env_.get(), nullptr, create ? 0u : unsigned{MDB_RDONLY}, &raw),
        "begin the first transaction");
  Txn txn(raw);
  if (is_foreign(raw))
    return fail(Fault::storage,
                "cache " + path_ +
                    ": data.mdb is an LMDB file of some other program; give mtastsd a folder of its own");
  auto opened = open_databases(raw, create, path_);
  if (!opened) return std::unexpected(opened.error());
  check(commit(std::move(txn)), "write the databases");  // also keeps the handles
  databases_ = *opened;
  return {};
} catch (const LmdbFailure& failure) {
  open_rc_ = failure.rc;
  return std::unexpected(error(failure.doing, failure.rc));
}

Error Environment::error(std::string_view doing, int rc) {
  if (damaged(rc)) damage_seen_ = true;
  return storage_error(path_, doing, rc);
}

void Environment::panic(Time now) {
  if (std::exchange(panicked_, true)) return;
  auto why =
      "cache " + path_ +
      ": LMDB could not write its meta page and refuses all work since then; mtastsd has to be restarted";
  log_.error(why);
  // However this process ends: what LMDB took back of that page does not fit the rest of it.
  if (lock_) lock_->demand_check();
  condition_.must_restart(std::move(why), now);
  if (options_.on_panic) options_.on_panic();
}

int Environment::adopt_map_size() {
  // Waits for the others' reads to end; a thread that itself holds a read open must not wait for ever.
  std::unique_lock alone(map_gate_, std::chrono::milliseconds(500));
  if (!alone) return EBUSY;
  return mdb_env_set_mapsize(env_.get(), 0);
}

}  // namespace mtasts::cache
