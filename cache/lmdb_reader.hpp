// lmdb_reader - ports/store.hpp's Reader: one read transaction, renewed for each find and reset by release().
//
// Once warm a find allocates nothing, locks nothing that the writer holds and makes no system call. For one
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

// A read transaction that rests between uses, so that it pins no pages (LMDB-10).
class RestingTxn {
 public:
  explicit RestingTxn(Environment& env) noexcept : env_(env) {}
  ~RestingTxn();
  RestingTxn(const RestingTxn&) = delete;
  RestingTxn& operator=(const RestingTxn&) = delete;

  // Takes the slot in the reader table, which can be full.
  int make() noexcept;
  int renew() noexcept;  // rests first if it does not
  void rest() noexcept;
  MDB_txn* get() const noexcept { return txn_.get(); }

 private:
  Environment& env_;
  Txn txn_;
  bool active_ = false;
};

class LmdbReader final : public Reader {
 public:
  // ring: nullptr where nobody drains one (read-only).
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
  FoundEntries places_;  // of a map that never moves; none elsewhere
};

// The value of a key in a transaction: bytes, nothing, or LMDB's code in rc.
struct FoundValue {
  int rc = MDB_SUCCESS;
  std::optional<std::string_view> bytes;
};
FoundValue get_value(MDB_txn* txn, MDB_dbi dbi, std::string_view key) noexcept;

}  // namespace mtasts::cache
