// ports/store - the policy cache as its users see it. Implemented by cache/ over LMDB.
//
// It has two sides. Reader: one for each reading thread, never shared; a read is one renewed LMDB read
// transaction. Store: the writing side, called on the resolve thread; it queues changes for the store thread,
// which commits them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/domain_name.hpp"
#include "core/record.hpp"
#include "core/result.hpp"

namespace mtasts {

class Reader {
 public:
  virtual ~Reader() = default;

  // nullopt: nothing is stored. An entry that cannot be read (bad checksum, stored for another name) gives a
  // view that is `lost` and has nothing else; the cache logs it. Fault::storage: the cache cannot be read at
  // all. The view lives until release() or the next find(); never hold it across a co_await.
  virtual Result<std::optional<RecordView>> find(const DomainName& domain) = 0;
  virtual void release() noexcept = 0;

  // Notes that the domain was asked for on that day (days since 1970). Never blocks. The number of
  // notes is bounded, so one may be dropped. Not needed for a day up to the view's last_used.
  virtual void note_use(const DomainName& domain, std::uint32_t day) noexcept = 0;
};

// Calls release() at the end of a scope.
class ReadGuard {
 public:
  explicit ReadGuard(Reader& reader) : reader_(reader) {}
  ~ReadGuard() { reader_.release(); }
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  Reader& reader_;
};

class Store {
 public:
  virtual ~Store() = default;

  // When it returns, the entry is durable (committed, fsynced). Resumes on the caller's executor. A full
  // cache may refuse entries that protect nothing (no policy, testing); that is not an error. Fault::storage:
  // not stored; the store has counted and logged it.
  virtual boost::asio::awaitable<Result<void>> put(DomainName domain, Record record) = 0;

  // A copy of what is stored; nullopt: nothing. Resolve thread only.
  virtual Result<std::optional<Record>> get(const DomainName& domain) = 0;

  // Up to limit domains whose refresh_at is at or before now, the longest due first. Domains that were not
  // used since `unused_since_day` are left out. Resolve thread only.
  virtual std::vector<DomainName> due(Time now, std::size_t limit, std::uint32_t unused_since_day) = 0;
};

}  // namespace mtasts
