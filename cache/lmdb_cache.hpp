// lmdb_cache - the policy cache in an LMDB environment (docs/CACHE_FORMAT.md). Implements ports/store.hpp.
//
// One process writes; it holds a flock on PATH/daemon.lock. Any number of processes and threads read. What is
// committed is durable.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/condition.hpp"
#include "core/host_memory.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"

namespace mtasts {

struct CacheOptions {
  std::string path;                     // the folder; made if it is missing (mode 2750)
  std::uint64_t max_size = 1ull << 30;  // octets of pages in use
  bool read_only = false;               // for the command line: takes no writer lock, makes no files
  // A memory file system to keep lock.mdb in, so that reading goes on while the cache's disk is frozen.
  // Empty: none; lock.mdb is then kept in the folder.
  std::string lock_memory = "/dev/shm";
  // Called once, on the store thread, when LMDB refuses all further work and only a restart helps.
  std::function<void()> on_panic = {};
  // Called with each line for the log, on any thread. level: 0 info, 1 warning, 2 error.
  std::function<void(int level, std::string line)> log = {};
};

struct CacheStats {
  std::uint64_t policies = 0, negatives = 0;
  std::uint64_t used_bytes = 0, file_bytes = 0;
};

class LmdbCache {
 public:
  // Checks the cache, mends it if it is damaged, and opens it. clock must outlive the result. Fault::storage:
  // the detail names the path and the remedy (another mtastsd runs, wrong owner, newer schema, no space).
  //
  // Without read_only, if the disk is full or mounted read-only, an existing cache is opened for reading:
  // condition() says so, and every put fails.
  static Result<std::unique_ptr<LmdbCache>> open(CacheOptions options, const Clock& clock);

  // Commits what is queued, then closes. Destroy all readers first.
  virtual ~LmdbCache() = default;

  // A reader for one thread. Call this on that thread, or before the thread starts.
  virtual Result<std::unique_ptr<Reader>> reader() = 0;

  // The writing side. Lives as long as the cache. In a cache that is only read, every put fails.
  virtual Store& store() = 0;

  // Calls f for each domain that has an entry, in the order of keys, until f returns false. No
  // transaction is open while f runs, so that a long walk does not make the file grow. An entry that cannot
  // be read is passed as an error. The view lives until f returns. For the command line.
  virtual Result<void> walk(std::function<bool(std::string_view domain, Result<RecordView>)> f) = 0;

  // The same for the policies that expire after `from` and not after `to`, in the order of their expiry.
  virtual Result<void> walk_expiring(Time from, Time to,
                                     std::function<bool(std::string_view domain, Result<RecordView>)> f) = 0;

  // What the database `meta` says about earlier times; empty values if it says nothing. For the start of the
  // daemon, and for the command line.
  virtual Result<ClockPast> clock_past() = 0;
  virtual Result<HostMemory> host_memory() = 0;
  // Queues memory to be stored. It is lost if the cache cannot be written.
  virtual void remember(const HostMemory& memory) = 0;

  virtual Result<CacheStats> stats() = 0;
  // What is wrong with the cache. May be called on any thread except the answer threads.
  virtual CacheCondition condition() const = 0;
  // For a reload. A value above half of the reserved map counts as that half.
  virtual void set_max_size(std::uint64_t bytes) noexcept = 0;

  // Deletes the entry of a domain, with its policy. False: there was none. Blocks until it is committed.
  // Fault::storage: the cache is open only for reading, or the commit failed.
  virtual Result<bool> erase(const DomainName& domain) = 0;
};

}  // namespace mtasts
