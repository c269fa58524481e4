// ports/store - the policy cache as its users see it. Implemented by cache/ over LMDB.
//
// Two sides. Reader: one for each reading thread, never shared; a read is one renewed LMDB read transaction.
// Store: the writing side, called from the resolve thread; changes are queued to the store thread, which
// commits them.
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

  // nullopt = nothing stored. An entry that cannot be read (bad checksum, stored for another name) is a view
  // that is `lost` and has nothing else; the cache logs it. Fault::storage: the cache cannot be read at all.
  // The view lives until release() or the next find(); never hold it across a co_await.
  virtual Result<std::optional<RecordView>> find(const DomainName& domain) = 0;
  virtual void release() noexcept = 0;

  // Notes that the domain was asked for on that day (days since the epoch). Bounded, never blocks, may be
  // dropped. Not needed for a day up to the view's last_used.
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

  // Durable when it returns (committed, fsynced). Resumes on the caller's executor. A full cache may refuse
  // records that protect nothing (no policy, testing); that is no error. Fault::storage: not stored; the
  // store keeps the error counted and logged.
  virtual boost::asio::awaitable<Result<void>> put(DomainName domain, Record record) = 0;

  // A copy of what is stored. Resolve thread only.
  virtual Result<std::optional<Record>> get(const DomainName& domain) = 0;

  // Up to limit domains whose refresh_at is at or before now, the longest due first, leaving out those not
  // used since `unused_since_day`. Resolve thread only.
  virtual std::vector<DomainName> due(Time now, std::size_t limit, std::uint32_t unused_since_day) = 0;
};

}  // namespace mtasts
