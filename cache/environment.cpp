#include "cache/environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <set>
#include <thread>

#include "cache/file_size.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint64_t least_map = 64ull << 30;  // sparse address space, never resized under readers (B1)
constexpr unsigned max_readers = 2048;            // 1024 workers, the store's and many mtastsctl (B9)
constexpr std::string_view gone = "; the cached policies are gone until they are fetched again";

// LMDB must not have one file open twice in a process: closing one drops the other's locks (LMDB-9).
std::mutex open_folders_mutex;
std::set<std::pair<std::uint64_t, std::uint64_t>> open_folders;

std::uint64_t file_size(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool exceeds_memory(std::uint64_t bytes) {
  struct sysinfo info{};
  return sysinfo(&info) == 0 && bytes > std::uint64_t{info.totalram} * info.mem_unit;
}

bool on_network(const std::string& path) {
  struct statfs info{};
  if (::statfs(path.c_str(), &info) != 0) return false;
  auto type = static_cast<std::uint32_t>(info.f_type);
  return type == 0x6969 || type == 0xFF534D42 || type == 0xFE534D42 ||
         type == 0x517B;  // NFS, CIFS, SMB2, SMB
}

void on_lmdb_assert(MDB_env* env, const char* message) {
  auto* log = static_cast<const Log*>(mdb_env_get_userctx(env));
  if (log != nullptr)
    log->error(std::string("cache: LMDB found its file inconsistent and stops: ") + message);
}

}  // namespace

Result<std::unique_ptr<Environment>> Environment::open_for_writing(const std::string& path,
                                                                   std::uint64_t max_size, Time now,
                                                                   Log log) {
  if (auto made = make_folder(path); !made) return std::unexpected(made.error());
  OwnerIdentity owner(path);
  if (auto writable = check_writable(path); !writable) return std::unexpected(writable.error());
  std::unique_ptr<Environment> env(new Environment(path, std::move(log)));
  auto lock = take_lock(path);
  if (!lock) return std::unexpected(lock.error());
  env->lock_ = std::move(*lock);
  auto map_size =
      std::max(least_map, max_size > UINT64_MAX / 4 ? max_size : 4 * max_size) & ~std::uint64_t{0xFFFF};
  if (auto begun = env->begin_writing(map_size, now); !begun) return std::unexpected(begun.error());
  return env;
}

Result<std::unique_ptr<Environment>> Environment::open_for_reading(const std::string& path, Log log) {
  if (auto readable = check_readable(path); !readable) return std::unexpected(readable.error());
  OwnerIdentity owner(path);
  std::unique_ptr<Environment> env(new Environment(path, std::move(log)));
  if (!env->register_once())
    return fail(Fault::storage, "cache " + path + ": is already open in this process");
  // No size: the reader adopts the stored one (LMDB-5).
  if (auto opened = env->open_and_check(MDB_RDONLY, 0); !opened) return std::unexpected(opened.error());
  return env;
}

Environment::~Environment() {
  env_.reset();
  if (marker_) marker_->remove(damage_seen_);
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
  if (!register_once()) return fail(Fault::storage, "cache " + path_ + ": is already open in this process");
  if (on_network(path_))
    log_.warning("cache " + path_ + ": is on a network file system, which LMDB does not support");
  auto marker = Marker::put(path_, now);
  if (!marker) return std::unexpected(marker.error());
  marker_ = *marker;
  if (marker_->unclean()) log_.warning("cache " + path_ + ": the last mtastsd did not stop in order");
  if (marker_->suspicious() && file_size(data_file(path_)) > 0) {
    auto why = damage_by_trial();
    if (why)
      if (auto replaced = replace_damaged(*why, now); !replaced) return replaced;
    if (!trial_ || trial_->verdict == Verdict::sound) marker_->clear();
  }
  for (int tries = 0;; ++tries) {
    auto opened = open_and_check(0, map_size);
    if (opened || tries == 2) return opened;
    bool accepted = accept_short_;
    if (auto why = damage()) {
      if (auto replaced = replace_damaged(*why, now); !replaced) return replaced;
    } else if (accepted == accept_short_) {
      return opened;
    }
  }
}

// What is damaged, if that is what open_and_check() met. A short file may be sound, and one that seems to be
// another program's may be ours, with a wrong pointer to its root: a walk tells.
std::optional<std::string> Environment::damage() {
  env_.reset();
  if (damaged(open_rc_)) return mdb_strerror(open_rc_);
  if (!foreign_ && wanted_size_ == 0) return std::nullopt;
  auto why = damage_by_trial();
  if (!why && wanted_size_ != 0) mend_short_file();
  return why;
}

// REQUIRES: the environment is closed. Keeps the file, and the wish to walk it, if the walk came to no end.
std::optional<std::string> Environment::damage_by_trial() {
  if (!trial_) {
    trial_ = trial_walk(path_);
    if (trial_->verdict == Verdict::undecided) {
      log_.warning("cache " + path_ + ": data.mdb could not be checked by a trial walk (" + trial_->why +
                   "); it is used as it is, and checked at the next start");
      damage_seen_ = true;
      marker_->demand_check();
    }
  }
  return trial_->verdict == Verdict::damaged ? std::optional("a trial walk: " + trial_->why) : std::nullopt;
}

// The walk met every page in use, so the pages beyond the end are free. If it came to no end the file stays
// as it is: made longer, a file that was cut off would look like a sound one to the next walk.
void Environment::mend_short_file() {
  accept_short_ = true;
  if (trial_->verdict != Verdict::sound) return;
  if (int rc = grow_file(data_file(path_), wanted_size_))
    log_.warning(storage_error(path_, "lengthen data.mdb to its page count", rc).detail);
}

Result<void> Environment::replace_damaged(std::string_view why, Time now) {
  env_.reset();
  auto name = set_aside(path_, now);
  if (!name) return std::unexpected(name.error());
  damage_seen_ = false;
  trial_.reset();
  log_.error("cache " + path_ + ": data.mdb is damaged (" + std::string(why) + "); it is set aside as " +
             *name + std::string(gone));
  return {};
}

int Environment::open_env(unsigned flags, std::uint64_t map_size) {
  MDB_env* raw = nullptr;
  if (int rc = mdb_env_create(&raw)) return rc;
  env_.reset(raw);
  mdb_env_set_userctx(raw, &log_);
  mdb_env_set_assert(raw, on_lmdb_assert);
  mdb_env_set_maxdbs(raw, 16);
  mdb_env_set_maxreaders(raw, max_readers);
  if (map_size != 0)
    if (int rc = mdb_env_set_mapsize(raw, map_size)) return rc;
  // NOTLS: a read slot belongs to its transaction, so a thread may have several and they may be made
  // elsewhere (LMDB-8).
  flags |= MDB_NOTLS;
  auto size = file_size(data_file(path_));
  fresh_ = size == 0;
  if (exceeds_memory(size)) flags |= MDB_NORDAHEAD;
  return mdb_env_open(raw, path_.c_str(), flags, data_mode);
}

// Sets wanted_size_ if the file is short. Another process that has committed lengthens its file at once.
Result<void> Environment::check_length(bool reading) {
  auto checked = check_size(env_.get());
  for (int tries = 0; reading && !checked.whole() && tries < 25; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    checked = check_size(env_.get());
  }
  open_rc_ = checked.rc;
  wanted_size_ = checked.wanted;
  if (checked.whole() || (checked.rc == MDB_SUCCESS && accept_short_)) return {};
  if (checked.rc != MDB_SUCCESS && checked.rc != MDB_CORRUPTED)
    return std::unexpected(error("look at data.mdb's size", checked.rc));
  return fail(Fault::storage,
              "cache " + path_ +
                  ": data.mdb is shorter than its own page count; restart mtastsd: it then checks the file "
                  "and mends it, or sets it aside if it is damaged");
}

void Environment::mend_size() {
  // Growing would hide from the next walk what may have been cut off.
  bool doubtful = accept_short_ && trial_ && trial_->verdict == Verdict::undecided;
  int fd = -1;
  auto checked = check_size(env_.get());
  if (doubtful || checked.rc != MDB_SUCCESS || checked.wanted == 0) return;
  mdb_env_get_fd(env_.get(), &fd);
  int rc = grow_file(fd, checked.wanted);
  if (rc != 0 && !growth_failed_)
    log_.warning(storage_error(path_, "lengthen data.mdb to its page count", rc).detail);
  growth_failed_ = rc != 0;
}

Result<void> Environment::open_and_check(unsigned flags, std::uint64_t map_size) {
  bool reading = (flags & MDB_RDONLY) != 0;
  // Another process that opens or closes at this moment can make an open fail (LMDB-18).
  for (int tries = 0;; ++tries) {
    open_rc_ = open_env(flags, map_size);
    if (open_rc_ == MDB_SUCCESS) break;
    env_.reset();
    bool again = tries < 5 && (reading || open_rc_ == EAGAIN || open_rc_ == EBUSY);
    if (!again) return std::unexpected(error("open data.mdb", open_rc_));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (auto length = check_length(reading); !length) return length;
  if (!reading)
    if (auto rights = set_rights(); !rights) return rights;
  int cleared = 0;
  mdb_reader_check(env_.get(), &cleared);  // readers that were killed pin pages (LMDB-7)
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  map_size_ = info.me_mapsize;
  auto loaded = load_databases();
  if (loaded && !reading) mend_size();
  return loaded;
}

Result<void> Environment::set_rights() {
  int fd = -1;
  mdb_env_get_fd(env_.get(), &fd);
  // By name: opening and closing lock.mdb here would drop LMDB's own locks on it (LMDB-9).
  bool set = ::fchmod(fd, data_mode) == 0 && ::chmod(lock_file(path_).c_str(), lock_mode) == 0;
  if (!set) return std::unexpected(error("set the rights of data.mdb and lock.mdb", errno));
  Fd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fresh_ && folder) ::fsync(folder.get());  // else a power loss could forget the new file's name
  return {};
}

Result<void> Environment::load_databases() try {
  bool create = writable();
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env_.get(), nullptr, create ? 0u : unsigned{MDB_RDONLY}, &raw),
        "begin the first transaction");
  Txn txn(raw);
  foreign_ = is_foreign(raw);
  if (foreign_)
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

int Environment::adopt_map_size() {
  // Waits for the others' reads to end; a thread that itself holds a read open must not wait for ever.
  std::unique_lock alone(map_gate_, std::chrono::milliseconds(500));
  if (!alone) return EBUSY;
  return mdb_env_set_mapsize(env_.get(), 0);
}

}  // namespace mtasts::cache
