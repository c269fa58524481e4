#include "cache/open_environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <expected>
#include <thread>

#include "cache/file_check.hpp"
#include "cache/file_size.hpp"
#include "cache/lmdb_env.hpp"
#include "cache/lock_location.hpp"
#include "cache/mend_file.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint64_t least_map = 64ull << 30;  // sparse; never resized under readers (LMDB-19, LMDB-20)

// Why an attempt to open failed. rc: LMDB's code or errno; 0: there is no code for it.
struct Failure {
  int rc = 0;
  Error error;
};
using Tried = std::expected<void, Failure>;

std::unexpected<Failure> failed(const Opened& it, std::string_view doing, int rc) {
  return std::unexpected(Failure{rc, storage_error(it.path, doing, rc)});
}

std::unexpected<Failure> refused(Error error, int rc = 0) {
  return std::unexpected(Failure{rc, std::move(error)});
}

// The state of an opening for writing.
struct Writing {
  Opened& it;
  const std::string& lock_memory;
  MapSize map;
  Time now;
  bool checked = false;  // the whole file was checked
};

bool on_network(const std::string& path) {
  struct statfs info{};
  if (::statfs(path.c_str(), &info) != 0) return false;
  auto type = static_cast<std::uint32_t>(info.f_type);
  return type == 0x6969 || type == 0xFF534D42 || type == 0xFE534D42 ||
         type == 0x517B;  // NFS, CIFS, SMB2, SMB
}

bool no_room(int rc) noexcept { return rc == EROFS || rc == ENOSPC || rc == EDQUOT; }

MapSize map_for(std::uint64_t max_size) noexcept {
  auto wanted = std::max(least_map, max_size > UINT64_MAX / 4 ? max_size : 4 * max_size);
  return {wanted & ~std::uint64_t{0xFFFF}, max_size};
}

// For a reader: checks that data.mdb is as long as its page count says. If it is shorter, a writer may have
// committed just now and is about to lengthen it. If nobody can write, the file stays as short as LMDB left
// it, and is read if no page in use is missing. checked: the whole file was checked and found sound.
Tried check_length(const Opened& it, bool checked) try {
  bool settled = it.lock || it.reading_hold || is_mounted_read_only(it.path);
  auto size = check_size(it.env.get());
  for (int tries = 0; !size.whole() && !settled && tries < 25; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    size = check_size(it.env.get());
  }
  if (size.whole()) return {};
  if (size.rc != MDB_SUCCESS && size.rc != MDB_CORRUPTED)
    return failed(it, "check the size of data.mdb", size.rc);
  bool lawful = size.rc == MDB_SUCCESS && settled &&
                (checked || check_file(data_file(it.path)).verdict == FileState::sound);
  if (lawful) return {};
  auto why = "cache " + it.path +
             ": data.mdb is shorter than its page count says; restart mtastsd: it then checks the file and "
             "mends it";
  return refused({Fault::storage, std::move(why)}, size.rc);
} catch (const LmdbFailure& failure) {
  return failed(it, failure.doing, failure.rc);
}

// Sets the permissions of the files. fresh: data.mdb was just made.
Tried set_rights(const Opened& it, bool fresh) {
  int fd = -1;
  mdb_env_get_fd(it.env.get(), &fd);
  // By name: opening and closing lock.mdb here would drop LMDB's own locks on it (LMDB-9).
  bool set = ::fchmod(fd, data_mode) == 0 && ::chmod(lock_file(it.path).c_str(), lock_mode) == 0;
  if (!set) return failed(it, "set the permissions of data.mdb and lock.mdb", errno);
  Fd folder(::open(it.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fresh && folder) ::fsync(folder.get());  // otherwise a power cut could lose the new file's name
  return {};
}

Tried load_databases(Opened& it, bool create) try {
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(it.env.get(), nullptr, create ? 0u : unsigned{MDB_RDONLY}, &raw),
        "begin the first transaction");
  Txn txn(raw);
  if (is_foreign(raw))
    return refused(
        {Fault::storage,
         "cache " + it.path + ": data.mdb is another program's LMDB file; give mtastsd a folder of its own"});
  auto opened = open_databases(raw, create, it.path);
  if (!opened) return refused(std::move(opened.error()));
  check(commit(std::move(txn)), "write the databases");  // the commit also keeps the handles
  it.databases = *opened;
  return {};
} catch (const LmdbFailure& failure) {
  return failed(it, failure.doing, failure.rc);
}

// Tries again for a while, because LMDB can fail to open while another process opens or closes the cache
// (LMDB-18).
int open_patiently(Opened& it, unsigned flags, MapSize map) {
  for (int tries = 0;; ++tries) {
    int rc = open_lmdb(it.env, it.path, flags, map, it.log);
    if (rc == MDB_SUCCESS) return rc;
    it.env.reset();
    bool again = tries < 5 && ((flags & MDB_RDONLY) != 0 || rc == EAGAIN || rc == EBUSY);
    if (!again) return rc;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Tried open_and_check(Opened& it, unsigned flags, MapSize map, bool checked) {
  bool reading = (flags & MDB_RDONLY) != 0;
  bool fresh = size_of_file(data_file(it.path)) == 0;
  if (int rc = open_patiently(it, flags, map)) return failed(it, "open data.mdb", rc);
  if (auto right = reading ? check_length(it, checked) : Tried(); !right) return right;
  it.file = identity_of(data_file(it.path));
  if (auto right = reading ? Tried() : set_rights(it, fresh); !right) return right;
  int cleared = 0;
  mdb_reader_check(it.env.get(), &cleared);  // frees the slots of killed readers, which pin pages (LMDB-7)
  MDB_envinfo info{};
  mdb_env_info(it.env.get(), &info);
  it.map_size = info.me_mapsize;
  return load_databases(it, !reading);
}

Result<void> check_whole_file(Writing& writing) {
  auto& it = writing.it;
  writing.checked = true;
  auto mended = check_and_mend(it.path, writing.map.wanted, it.lock->last(), writing.now, it.log);
  if (!mended) return std::unexpected(std::move(mended.error()));
  if (!*mended) return {};
  it.damage_seen = false;
  it.condition.lost = (*mended)->entries.lost;
  it.condition.more_lost = (*mended)->entries.more_lost;
  it.condition.salvaged = (*mended)->entries.salvaged;
  it.condition.damaged_at = writing.now;
  it.condition.set_aside = std::move((*mended)->set_aside);
  return {};
}

// Always checks the meta pages, but the whole file only if something may have happened to it, so that a start
// after an orderly stop is quick.
Result<void> check_before_opening(Writing& writing) try {
  const auto& it = writing.it;
  if (size_of_file(data_file(it.path)) == 0) return {};
  if (it.lock->left() == WriterLock::Left::unclean)
    it.log.warning("cache " + it.path + ": the last mtastsd did not stop in order; checking data.mdb");
  if (it.lock->unchanged() && metas_hold(data_file(it.path), it.lock->last())) return {};
  return check_whole_file(writing);
} catch (const LmdbFailure& failure) {
  return std::unexpected(storage_error(writing.it.path, failure.doing, failure.rc));
}

// Called after an attempt to open that met damage. First checks data.mdb, and mends it. If data.mdb was
// checked already, lock.mdb must be damaged: it is replaced, which is safe because we hold daemon.lock and so
// nobody else writes.
Result<void> mend_what_failed(Writing& writing) {
  auto& it = writing.it;
  it.damage_seen = true;
  if (!writing.checked) return check_whole_file(writing);
  it.log.warning("cache " + it.path +
                 ": lock.mdb is damaged or from another version of LMDB; making a new one");
  drop_lock_file(it.path);
  put_lock_in_memory(it.path, writing.lock_memory, it.log);
  return {};
}

Tried begin_writing(Writing& writing) {
  auto& it = writing.it;
  if (on_network(it.path))
    it.log.warning("cache " + it.path +
                   ": the folder is on a network file system, which LMDB does not support; set [cache] path "
                   "to a local one");
  put_lock_in_memory(it.path, writing.lock_memory, it.log);
  for (int tries = 0;; ++tries) {
    auto opened = open_and_check(it, 0, writing.map, writing.checked);
    if (opened) break;
    it.env.reset();
    if (!damaged(opened.error().rc) || tries == 2) return opened;
    if (auto mended = mend_what_failed(writing); !mended) return refused(std::move(mended.error()));
  }
  if (int rc = it.lock->opened(identity_of(lock_file(it.path))))
    it.log.warning(storage_error(it.path, "note in daemon.lock that the cache is open", rc).detail);
  if (it.damage_seen) it.lock->demand_check();
  it.writable = true;
  return {};
}

// Opens an existing cache only for reading: nothing new is stored, but what is cached still protects. rc: why
// nothing can be written.
Result<void> begin_reading_only(Writing& writing, int rc) {
  auto& it = writing.it;
  unsigned lock = lock_file_is_trusted(it.path) ? 0u : unsigned{MDB_NOLOCK};
  auto opened = open_and_check(it, MDB_RDONLY | lock, {}, writing.checked);
  // Nobody writes, because we hold daemon.lock or the disk is read-only. So a lock.mdb that cannot be opened
  // is not needed.
  if (!opened && (no_room(opened.error().rc) || opened.error().rc == ENOENT))
    opened = open_and_check(it, MDB_RDONLY | MDB_NOLOCK, {}, writing.checked);
  if (!opened) return std::unexpected(std::move(opened.error().error));
  auto why = storage_error(it.path, "write", rc).detail;
  it.log.error(why +
               "; the cache is opened for reading only: cached domains are answered, nothing new is stored");
  it.condition.read_only = CacheTrouble{writing.now, std::move(why)};
  return {};
}

Result<void> begin(Writing& writing, int unwritable) {
  if (auto sound = check_before_opening(writing); !sound) return sound;
  if (unwritable == 0) {
    auto begun = begin_writing(writing);
    if (begun) return {};
    unwritable = begun.error().rc;
    if (!no_room(unwritable) || size_of_file(data_file(writing.it.path)) == 0)
      return std::unexpected(std::move(begun.error().error));
  }
  return begin_reading_only(writing, unwritable);
}

// Checks that a reader sees the lock.mdb that the writer uses, if there is a writer.
Result<void> check_lock_file(const std::string& path, const WriterSeen& writer, bool lock_is_there) {
  // A writer and a reader that do not share one lock.mdb do not see each other, and the writer would
  // overwrite pages that are being read.
  if (writer.writes && writer.lock_file && identity_of(lock_file(path)) != writer.lock_file)
    return fail(Fault::storage,
                "cache " + path +
                    ": the running mtastsd uses another lock.mdb than the one visible here; run this where "
                    "mtastsd runs (in its container or mount namespace), or restart mtastsd");
  if (!writer.hold && !lock_is_there)
    return fail(
        Fault::storage,
        "cache " + path + ": lock.mdb links to a file that does not belong to the cache; restart mtastsd");
  return {};
}

std::unexpected<Error> open_twice(const std::string& path) {
  return fail(Fault::storage, "cache " + path + ": it is already open in this process");
}

}  // namespace

Result<std::unique_ptr<Environment>> open_for_writing(const std::string& path, WriteOptions options, Time now,
                                                      CacheLog log) {
  if (auto made = make_folder(path); !made) return std::unexpected(made.error());
  OwnerIdentity owner(path);
  int unwritable = is_mounted_read_only(path) ? EROFS : 0;
  if (unwritable == 0)
    if (auto writable = check_writable(path); !writable) return std::unexpected(writable.error());
  auto lock = WriterLock::take(path);
  if (!lock) return std::unexpected(lock.error());
  auto claim = claim_folder(path);
  if (!claim) return open_twice(path);
  Opened it{.path = path,
            .log = std::move(log),
            .on_panic = std::move(options.on_panic),
            .claim = std::move(*claim),
            .lock = std::move(*lock)};
  Writing writing{.it = it, .lock_memory = options.lock_memory, .map = map_for(options.max_size), .now = now};
  if (auto begun = begin(writing, unwritable); !begun) return std::unexpected(begun.error());
  auto env = std::make_unique<Environment>(std::move(it));
  if (env->writable()) env->mend_size();
  return env;
}

Result<std::unique_ptr<Environment>> open_for_reading(const std::string& path, CacheLog log) {
  auto writer = find_writer(path);
  bool lock_is_there = identity_of(lock_file(path)).has_value() && lock_file_is_trusted(path);
  if (auto readable = check_readable(path, static_cast<bool>(writer.hold)); !readable)
    return std::unexpected(readable.error());
  if (auto right = check_lock_file(path, writer, lock_is_there); !right)
    return std::unexpected(right.error());
  OwnerIdentity owner(path);
  auto claim = claim_folder(path);
  if (!claim) return open_twice(path);
  // There may be no lock.mdb if there is no writer: it was in memory, and the machine has been rebooted
  // since.
  unsigned flags = MDB_RDONLY | (lock_is_there ? 0u : unsigned{MDB_NOLOCK});
  Opened it{.path = path,
            .log = std::move(log),
            .claim = std::move(*claim),
            .reading_hold = std::move(writer.hold)};
  // Without a map size: a reader takes the one that the file names (LMDB-5).
  if (auto opened = open_and_check(it, flags, {}, false); !opened)
    return std::unexpected(opened.error().error);
  // From here on LMDB's own lock on lock.mdb shows this reader to a writer. Before, a writer could have
  // cleared the table of readers, which is why reading_hold was needed.
  if (lock_is_there) it.reading_hold = Fd();
  return std::make_unique<Environment>(std::move(it));
}

}  // namespace mtasts::cache
