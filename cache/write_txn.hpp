// write_txn - the one write transaction, and what belongs to a domain inside it.
//
// A domain has a value in `policy` or in `negative`, and its keys in `used`, `due` and `expiry`, always
// changed together. Everything here throws LmdbFailure; the caller then drops the whole transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/environment.hpp"
#include "cache/layout.hpp"
#include "core/host_memory.hpp"
#include "core/moment.hpp"

namespace mtasts::cache {

// A domain's stored state, copied out: values in the map do not outlive the next change.
struct Stored {
  bool in_policy = false;        // where it lies
  std::optional<Record> record;  // nullopt: bad bytes
  std::uint32_t last_used = 0;   // 0 if the prefix is bad
  bool newer_version = false;    // the record is bad because a newer mtastsd wrote it
  std::string trouble;           // why it is bad
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

  // The policy database first. nullopt: nothing stored.
  std::optional<Stored> load(std::string_view domain);

  // Replaces all that is stored for the domain (old is what load() gave).
  void save(std::string_view domain, const std::optional<Stored>& old, const Record& record,
            std::uint32_t last_used);
  void remove(std::string_view domain, const Stored& old);

  // Whether the record's policy must not be given up: nothing but a fetched policy may replace it.
  bool must_stay(const Record& record) const noexcept;
  bool expired(const Record& record) const noexcept;

  // The latest end that the index `expiry` names for the domain; Time{}: none. Walks all of it.
  Time latest_end(std::string_view domain);

  // Remembers that the clock was certain at this moment, for the next start. A newest fetch that lies ahead
  // of it was made under a clock that was wrong then, and stops counting.
  void note_certain(const ClockMark& mark);
  void remember(const HostMemory& memory);

  // The first key of an index that is not below `from`; nullopt: none.
  std::optional<std::string> first_key(MDB_dbi index, std::string_view from);
  bool drop_key(MDB_dbi index, std::string_view key);
  void add_key(MDB_dbi index, std::string_view key);

  std::uint64_t used_bytes() { return cache::used_bytes(txn_.get(), dbs()); }
  MDB_stat stat(MDB_dbi dbi);

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
