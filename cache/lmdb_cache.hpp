// lmdb_cache - the policy cache in an LMDB environment (docs/CACHE_FORMAT.md): implements ports/store.hpp.
//
// One process writes (flock on PATH/daemon.lock); any number of processes and threads read. Durable at
// commit.
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
  std::string path;  // folder, made if missing (2750)
  std::uint64_t max_size = 1ull << 30;
  bool read_only = false;  // for the command line: no lock taken, nothing made
  // A memory file system for lock.mdb, so that reading goes on while the cache's disk is frozen. Empty: none.
  std::string lock_memory = "/dev/shm";
  // LMDB refuses all work from now on, and only a restart helps. Called once, on the store thread.
  std::function<void()> on_panic = {};
  // Called with one line for the log (bad record, file set aside, full); from any thread. level: 0 info, 1
  // warning, 2 error.
  std::function<void(int level, std::string line)> log = {};
};

struct CacheStats {
  std::uint64_t policies = 0, negatives = 0;
  std::uint64_t used_bytes = 0, file_bytes = 0;
};

class LmdbCache {
 public:
  // Fault::storage: detail names the path and the remedy (another mtastsd runs, wrong owner, newer schema, no
  // space).
  static Result<std::unique_ptr<LmdbCache>> open(CacheOptions options, const Clock& clock);

  // Without read_only: where the disk is mounted read-only or full the cache is opened for reading all the
  // same; condition() says so, and every put fails.

  // Commits what is queued, then closes. Readers must be gone before.
  virtual ~LmdbCache() = default;

  // A reader for one thread; make it on that thread or before the thread starts.
  virtual Result<std::unique_ptr<Reader>> reader() = 0;

  // The writing side. home: the executor on which awaiting coroutines resume (the resolve thread's). Not for
  // read_only.
  virtual Store& store() = 0;

  // Calls f for each stored domain in key order until it returns false; renews its transaction every 1,000
  // records, so that long reads pin no pages. A bad record is passed with an error. For the command line.
  virtual Result<void> walk(std::function<bool(std::string_view domain, Result<RecordView>)> f) = 0;

  // The same of the policies that end after `from`, and at `to` at the latest, in the order of their end.
  virtual Result<void> walk_expiring(Time from, Time to,
                                     std::function<bool(std::string_view domain, Result<RecordView>)> f) = 0;

  // What meta says of earlier times; empty where it says nothing. For the start, and for the command line.
  virtual Result<ClockPast> clock_past() = 0;
  virtual Result<HostMemory> host_memory() = 0;
  // Queued; may be lost where the cache can't be written. Not for read_only.
  virtual void remember(const HostMemory& memory) = 0;

  virtual Result<CacheStats> stats() = 0;
  // How the cache is; from any thread, but the answer threads'.
  virtual CacheCondition condition() const = 0;
  virtual void set_max_size(std::uint64_t bytes) noexcept = 0;  // reload

  // Deletes one domain's record, its policy too; false: there was none. Blocking; not for read_only.
  virtual Result<bool> erase(const DomainName& domain) = 0;
};

}  // namespace mtasts
