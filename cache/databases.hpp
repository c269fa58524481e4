// databases - the named databases inside the environment, and the schema they follow (docs/CACHE_FORMAT.md).
//
// All handles are opened in one transaction before any other thread exists (LMDB-17). An older schema is
// migrated step by step in that transaction; a newer one is refused and never written to.
#pragma once

#include <lmdb.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "cache/handles.hpp"
#include "core/clock_belief.hpp"
#include "core/host_memory.hpp"
#include "core/time.hpp"

namespace mtasts::cache {

inline constexpr std::uint32_t schema_version = 3;

struct Databases {
  MDB_dbi policy = 0;    // domain -> value with a policy
  MDB_dbi negative = 0;  // domain -> value without
  MDB_dbi due = 0;       // refresh time, domain -> nothing
  MDB_dbi expiry = 0;    // time the policy ends, domain -> nothing
  MDB_dbi used = 0;      // rank, day of the last use, domain -> nothing
  MDB_dbi meta = 0;      // "schema", "newest_fetch", "clock", "host"
  std::array<MDB_dbi, 6> all() const noexcept { return {policy, negative, due, expiry, used, meta}; }
};

// One step up: brings a cache of schema `from` to `from + 1`, in the transaction it is given. Throws
// LmdbFailure.
struct Migration {
  std::uint32_t from;
  void (*run)(MDB_txn* txn, const Databases& databases);
};

// True: an LMDB file that holds something, but nothing of ours. Throws LmdbFailure.
bool is_foreign(MDB_txn* txn);

// Opens the handles. create: makes what is missing and migrates; otherwise only a current schema is accepted.
// The caller commits (also when reading only: that keeps the handles). Throws LmdbFailure.
Result<Databases> open_databases(MDB_txn* txn, bool create, std::string_view path);

// The steps from what meta says up to target. Fault::storage: newer than target, or no step leads on from
// there.
Result<void> migrate(MDB_txn* txn, const Databases& databases, std::uint32_t target,
                     std::span<const Migration> steps, std::string_view path);

// The latest fetch that any stored record had: a clock that is behind it is in doubt. Throws LmdbFailure.
Time newest_fetch(MDB_txn* txn, const Databases& databases);
void set_newest_fetch(MDB_txn* txn, const Databases& databases, Time when);

// The last moment at which the clock was certain, and what is remembered of the host. Nothing stored, or
// something that can't be read, gives the empty value. Throw LmdbFailure.
ClockMark clock_mark(MDB_txn* txn, const Databases& databases);
void set_clock_mark(MDB_txn* txn, const Databases& databases, const ClockMark& mark);
HostMemory host_memory(MDB_txn* txn, const Databases& databases);
void set_host_memory(MDB_txn* txn, const Databases& databases, const HostMemory& memory);

// Bytes of pages in use: every tree's pages and the two meta pages, without those on the free list. Throws
// LmdbFailure.
std::uint64_t used_bytes(MDB_txn* txn, const Databases& databases);

}  // namespace mtasts::cache
