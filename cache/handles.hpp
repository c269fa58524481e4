// handles - owners for LMDB's handles, and LMDB's return codes as errors for people.
//
// Code on the answer path handles return codes. Code that writes calls check() and lets LmdbFailure end the
// transaction, because only a new transaction helps there. LmdbFailure never leaves cache/.
#pragma once

#include <lmdb.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "sys/fd.hpp"

namespace mtasts::cache {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using Env = std::unique_ptr<MDB_env, Deleter<mdb_env_close>>;
using Txn = std::unique_ptr<MDB_txn, Deleter<mdb_txn_abort>>;  // aborts, unless commit() has taken it
using Cursor = std::unique_ptr<MDB_cursor, Deleter<mdb_cursor_close>>;

inline int commit(Txn txn) { return mdb_txn_commit(txn.release()); }  // LMDB frees it, also on failure

// Writes lines to the log through write(level, line); level: 0 info, 1 warning, 2 error. If write is empty,
// nothing is logged.
class CacheLog {
 public:
  explicit CacheLog(std::function<void(int, std::string)> write) : write_(std::move(write)) {}
  void info(std::string line) const { say(0, std::move(line)); }
  void warning(std::string line) const { say(1, std::move(line)); }
  void error(std::string line) const { say(2, std::move(line)); }

 private:
  void say(int level, std::string line) const {
    if (write_) write_(level, std::move(line));
  }
  std::function<void(int, std::string)> write_;
};

struct LmdbFailure {
  int rc;             // LMDB's code or errno
  const char* doing;  // what failed, as a verb: "commit"; a literal
};

inline void check(int rc, const char* doing) {
  if (rc != MDB_SUCCESS) throw LmdbFailure{rc, doing};
}

// Whether the code means that the file itself is damaged, and not, for example, that the disk is full or a
// permission is missing (LMDB-18).
bool damaged(int rc) noexcept;

// Fault::storage: "cache PATH: DOING: what LMDB or the system says; remedy".
Error storage_error(std::string_view path, std::string_view doing, int rc);

inline MDB_val to_val(std::string_view bytes) noexcept {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // LMDB does not write through it
}
inline std::string_view to_view(const MDB_val& val) noexcept {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

}  // namespace mtasts::cache
