// lmdb_reader - implements Reader of ports/store.hpp with one read transaction, which each find() renews and
// release() resets.
//
// Once warm, find() allocates nothing, takes no lock that the writer holds, and makes no system call. For one
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "cache/environment.hpp"
#include "cache/found_entries.hpp"
#include "cache/layout.hpp"
#include "cache/use_ring.hpp"
#include "ports/store.hpp"

namespace mtasts::cache {

// A read transaction that rests between uses, so that freed pages can be used again (LMDB-10).
class RestingTxn {
 public:
  explicit RestingTxn(Environment& env) noexcept : env_(env) {}
  ~RestingTxn();
  RestingTxn(const RestingTxn&) = delete;
  RestingTxn& operator=(const RestingTxn&) = delete;

  // Takes a slot in LMDB's table of readers. 0 or LMDB's code: MDB_READERS_FULL if the table is full. Call it
  // once, before renew().
  int make() noexcept;
  // Begins to read at the last commit; rests first if it is reading. 0 or LMDB's code.
  int renew() noexcept;
  void rest() noexcept;
  MDB_txn* get() const noexcept { return txn_.get(); }

 private:
  Environment& env_;
  Txn txn_;
  bool active_ = false;
};

class LmdbReader final : public Reader {
 public:
  // ring: for notes to the store thread; nullptr if there is no store thread. make() must come first.
  LmdbReader(Environment& env, std::shared_ptr<UseRing> ring)
      : env_(env), txn_(env), ring_(std::move(ring)), places_(ring_ ? FoundEntries::default_count : 0) {}
  int make() { return txn_.make(); }

  Result<std::optional<RecordView>> find(const DomainName& domain) override;
  void release() noexcept override { txn_.rest(); }
  void note_use(const DomainName& domain, std::uint32_t day) noexcept override;

 private:
  Result<std::optional<FoundEntries::FoundEntry>> search(std::string_view domain);
  Result<std::optional<RecordView>> judge(const DomainName& domain, const FoundEntries::FoundEntry& place);

  Environment& env_;
  RestingTxn txn_;
  std::shared_ptr<UseRing> ring_;
  FoundEntries places_;  // remembers nothing without a ring, because a map that is only read may move
};

// The value of a key: bytes, which live as long as the transaction, or nullopt if there is none. If rc is not
// MDB_SUCCESS, LMDB could not read it.
struct FoundValue {
  int rc = MDB_SUCCESS;
  std::optional<std::string_view> bytes;
};
FoundValue get_value(MDB_txn* txn, MDB_dbi dbi, std::string_view key) noexcept;

}  // namespace mtasts::cache
