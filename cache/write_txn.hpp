// write_txn - a write transaction, and everything that is stored for a domain in it.
//
// A domain has a value in `policy` or in `negative`, and keys in `used`, `due` and `expiry`. They are always
// changed together. Everything here throws LmdbFailure; the caller must then drop the whole transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/environment.hpp"
#include "cache/layout.hpp"
#include "core/host_memory.hpp"
#include "core/moment.hpp"

namespace mtasts::cache {

// A copy of a domain's entry, because values in the map do not outlive the next change.
struct Stored {
  bool in_policy = false;        // it is in `policy`, and not in `negative`
  std::optional<Record> record;  // nullopt: it cannot be read
  std::uint32_t last_used = 0;   // days since 1970-01-01 UTC; 0 if the prefix is damaged
  bool newer_version = false;    // it cannot be read because a newer mtastsd wrote it
  std::string trouble;           // why it cannot be read, for people
  Rank rank() const { return record ? rank_of(view(*record)) : Rank::negative; }
};

class WriteTxn {
 public:
  WriteTxn(Environment& env, const Moment& moment);

  const Moment& moment() const noexcept { return moment_; }
  Time now() const noexcept { return moment_.now; }
  const CacheLog& log() const noexcept { return env_.log(); }
  const Databases& dbs() const noexcept { return env_.dbs(); }
  MDB_txn* get() const noexcept { return txn_.get(); }

  // Searches `policy` first, then `negative`. nullopt: the domain has no entry.
  std::optional<Stored> load(std::string_view domain);

  // Replaces all that is stored for the domain. old: what load() has returned. last_used: days since
  // 1970-01-01 UTC.
  void save(std::string_view domain, const std::optional<Stored>& old, const Record& record,
            std::uint32_t last_used);
  void remove(std::string_view domain, const Stored& old);

  // Whether the entry has a policy that must be kept: only a fetched policy may replace it. As must_stay() in
  // core/policy_life.hpp, at this moment.
  bool must_stay(const Record& record) const noexcept;
  bool expired(const Record& record) const noexcept;

  // The latest expiry that the index `expiry` has for the domain; Time{}: none. Walks the whole index.
  Time latest_end(std::string_view domain);

  // Stores the moment at which the clock was last certain, for the next start. A newest fetch after that
  // moment was made under a wrong clock, and is lowered to it.
  void note_certain(const ClockMark& mark);
  void remember(const HostMemory& memory);

  // The first key of an index that is not less than `from`; nullopt: there is none.
  std::optional<std::string> first_key(MDB_dbi index, std::string_view from);
  bool drop_key(MDB_dbi index, std::string_view key);  // false: there was no such key
  void add_key(MDB_dbi index, std::string_view key);

  std::uint64_t used_bytes() { return cache::used_bytes(txn_.get(), dbs()); }
  MDB_stat stat(MDB_dbi dbi);

  // 0 or LMDB's code. The transaction is over in both cases.
  int commit() { return cache::commit(std::move(txn_)); }

 private:
  void note_fetch(Time fetched_at);
  std::optional<std::string_view> get(MDB_dbi dbi, std::string_view key);
  void drop_index(std::string_view domain, const Stored& old);
  template <class F>
  void for_keys_of(MDB_dbi index, std::size_t head, std::string_view domain, F f);
  void add_index(std::string_view domain, const Record& record, std::uint32_t last_used);

  Environment& env_;
  Moment moment_;
  Txn txn_;
  Time newest_fetch_;
};

}  // namespace mtasts::cache
