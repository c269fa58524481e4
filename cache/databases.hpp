// databases - the named databases inside the environment, and the schema they follow (docs/CACHE_FORMAT.md).
//
// All handles are opened in one transaction, before other threads exist (LMDB-17). An older schema is
// migrated step by step in that transaction. A newer schema is refused, and nothing is written to it.
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
  MDB_dbi policy = 0;    // domain -> value of an entry with a policy
  MDB_dbi negative = 0;  // domain -> value of an entry without one
  MDB_dbi due = 0;       // refresh time, domain -> nothing
  MDB_dbi expiry = 0;    // time the policy expires, domain -> nothing
  MDB_dbi used = 0;      // rank, day of the last use, domain -> nothing
  MDB_dbi meta = 0;      // "schema", "newest_fetch", "clock", "host"
  std::array<MDB_dbi, 6> all() const noexcept { return {policy, negative, due, expiry, used, meta}; }
};

// One step: brings a cache from schema `from` to `from + 1` in the given transaction. run throws LmdbFailure.
struct Migration {
  std::uint32_t from;
  void (*run)(MDB_txn* txn, const Databases& databases);
};

// True: the file has entries, but no `meta` database, so another program made it. Throws LmdbFailure.
bool is_foreign(MDB_txn* txn);

// Opens the handles. create: missing databases are made and an older schema is migrated; otherwise only the
// current schema is accepted. The caller must commit txn, even one that only reads: the commit keeps the
// handles. path: for messages. Fault::storage, with the remedy: the schema is not accepted. Throws
// LmdbFailure.
Result<Databases> open_databases(MDB_txn* txn, bool create, std::string_view path);

// Runs the steps from the schema that `meta` names up to target; without one it writes target.
// Fault::storage, with the remedy: the schema is newer than target, or there is no step from it. Throws
// LmdbFailure.
Result<void> migrate(MDB_txn* txn, const Databases& databases, std::uint32_t target,
                     std::span<const Migration> steps, std::string_view path);

// The latest fetch of any entry that was ever stored. A clock that is behind this time is in doubt. Both
// throw LmdbFailure.
Time newest_fetch(MDB_txn* txn, const Databases& databases);
void set_newest_fetch(MDB_txn* txn, const Databases& databases, Time when);

// The last moment at which the clock was certain, and what is remembered about this host. If nothing is
// stored or it cannot be decoded, the result is the empty value. All throw LmdbFailure.
ClockMark clock_mark(MDB_txn* txn, const Databases& databases);
void set_clock_mark(MDB_txn* txn, const Databases& databases, const ClockMark& mark);
HostMemory host_memory(MDB_txn* txn, const Databases& databases);
void set_host_memory(MDB_txn* txn, const Databases& databases, const HostMemory& memory);

// How many octets the pages in use take: the pages of every tree and the two meta pages, but not those on the
// free list. Throws LmdbFailure.
std::uint64_t used_bytes(MDB_txn* txn, const Databases& databases);

}  // namespace mtasts::cache
