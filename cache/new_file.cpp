#include "cache/new_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "cache/entry.hpp"
#include "cache/folder.hpp"

namespace mtasts::cache {
namespace {

constexpr std::size_t commit_every = 4096;  // entries
constexpr const char *beginning = "begin a new data.mdb", *writing = "write the new data.mdb";

}  // namespace

NewFile::NewFile(const std::string& path, std::uint64_t map_size) : path_(path) {
  MDB_env* raw = nullptr;
  check(mdb_env_create(&raw), beginning);
  env_.reset(raw);
  mdb_env_set_maxdbs(raw, 16);
  check(mdb_env_set_mapsize(raw, map_size), beginning);
  // No lock and no sync: nobody else knows the file, and it is not used until finish() has synced it.
  check(mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, data_mode), beginning);
  begin();
  auto made = open_databases(txn_.get(), true, path);
  if (!made) throw LmdbFailure{MDB_INCOMPATIBLE, beginning};
  dbs_ = *made;
}

bool NewFile::has(std::string_view domain) { return in(dbs_.policy, domain) || in(dbs_.negative, domain); }

void NewFile::add(std::string_view domain, std::string_view value, const RecordView& record,
                  std::uint32_t last_used) {
  put(record.has_policy ? dbs_.policy : dbs_.negative, domain, value);
  auto keys = index_keys_of(domain, record, last_used);
  put(dbs_.used, keys.used.view(), {});
  if (keys.expiry) put(dbs_.expiry, keys.expiry->view(), {});
  if (keys.due) put(dbs_.due, keys.due->view(), {});
  newest_fetch_ = std::max(newest_fetch_, record.fetched_at);
  if (++added_ % commit_every != 0) return;
  check(commit(std::move(txn_)), writing);
  begin();
}

void NewFile::add(std::string_view domain, const Record& record, std::uint32_t last_used) {
  add(domain, join_value(domain, last_used, encode(record)), view(record), last_used);
}

void NewFile::add_raw(std::string_view domain, std::string_view value, bool in_policy) {
  put(in_policy ? dbs_.policy : dbs_.negative, domain, value);
}

void NewFile::finish() {
  check(commit(std::move(txn_)), writing);
  check(mdb_env_sync(env_.get(), 1), writing);
  env_.reset();
  Fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw LmdbFailure{errno, writing};
}

void NewFile::begin() {
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env_.get(), nullptr, 0, &raw), writing);
  txn_.reset(raw);
}

bool NewFile::in(MDB_dbi dbi, std::string_view key) {
  MDB_val k = to_val(key), value{};
  int rc = mdb_get(txn_.get(), dbi, &k, &value);
  if (rc != MDB_NOTFOUND) check(rc, "read the new data.mdb");
  return rc == MDB_SUCCESS;
}

void NewFile::put(MDB_dbi dbi, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key), v = to_val(value);
  check(mdb_put(txn_.get(), dbi, &k, &v, 0), writing);
}

}  // namespace mtasts::cache
