#include "cache/lmdb_reader.hpp"

#include "cache/entry.hpp"
#include "core/finding.hpp"

namespace mtasts::cache {

RestingTxn::~RestingTxn() { rest(); }

int RestingTxn::make() noexcept {
  MDB_txn* raw = nullptr;
  auto begin = [&] { return mdb_txn_begin(env_.get(), nullptr, MDB_RDONLY, &raw); };
  int rc = begin();
  if (rc == MDB_MAP_RESIZED && (rc = env_.adopt_map_size()) == MDB_SUCCESS) rc = begin();
  if (rc != MDB_SUCCESS) return rc;
  mdb_txn_reset(raw);
  txn_.reset(raw);
  return MDB_SUCCESS;
}

int RestingTxn::renew() noexcept {
  rest();
  // The writing process reserves its map once and for all, so only readers in other processes need the gate.
  bool gated = !env_.writable();
  if (gated) env_.map_gate().lock_shared();
  int rc = mdb_txn_renew(txn_.get());
  if (rc == MDB_MAP_RESIZED && gated) {
    env_.map_gate().unlock_shared();
    rc = env_.adopt_map_size();
    env_.map_gate().lock_shared();
    if (rc == MDB_SUCCESS) rc = mdb_txn_renew(txn_.get());
  }
  active_ = rc == MDB_SUCCESS;
  if (gated && !active_) env_.map_gate().unlock_shared();
  return rc;
}

void RestingTxn::rest() noexcept {
  if (!active_) return;
  active_ = false;
  mdb_txn_reset(txn_.get());
  if (!env_.writable()) env_.map_gate().unlock_shared();
}

FoundValue get_value(MDB_txn* txn, MDB_dbi dbi, std::string_view key) noexcept {
  MDB_val k = to_val(key), value{};
  int rc = mdb_get(txn, dbi, &k, &value);
  if (rc == MDB_NOTFOUND) return {};
  if (rc != MDB_SUCCESS) return {rc, std::nullopt};
  return {MDB_SUCCESS, to_view(value)};
}

Result<std::optional<RecordView>> LmdbReader::find(const DomainName& domain) {
  if (int rc = txn_.renew()) return std::unexpected(env_.error("begin a read", rc));
  const std::size_t commit = mdb_txn_id(txn_.get());
  if (auto known = places_.find(commit, domain.str())) return judge(domain, *known);
  auto found = search(domain.str());
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) return std::optional<RecordView>();
  places_.put(commit, domain.str(), **found);
  return judge(domain, **found);
}

Result<std::optional<FoundEntries::FoundEntry>> LmdbReader::search(std::string_view domain) {
  auto found = get_value(txn_.get(), env_.dbs().policy, domain);
  bool in_policy = found.bytes.has_value();
  if (found.rc == MDB_SUCCESS && !in_policy) found = get_value(txn_.get(), env_.dbs().negative, domain);
  if (found.rc != MDB_SUCCESS) return std::unexpected(env_.error("read", found.rc));
  if (!found.bytes) return std::optional<FoundEntries::FoundEntry>();
  return std::optional(FoundEntries::FoundEntry{*found.bytes, in_policy});
}

Result<std::optional<RecordView>> LmdbReader::judge(const DomainName& domain,
                                                    const FoundEntries::FoundEntry& place) {
  auto entry = judge_entry(domain.str(), place.bytes, place.in_policy);
  if (entry.record) return entry.record;
  // Nobody knows what the entry demanded, which is not the same as having no entry. The store thread checks
  // the bytes again, logs the loss and stores it.
  if (ring_)
    ring_->push(domain.str(), UseRing::suspect);
  else
    env_.log().warning("cache: the entry of " + printable(domain.str()) + " is damaged");
  RecordView unknown;
  unknown.lost = true;
  return std::optional(unknown);
}

void LmdbReader::note_use(const DomainName& domain, std::uint32_t day) noexcept {
  if (ring_ && day != UseRing::suspect) ring_->push(domain.str(), day);
}

}  // namespace mtasts::cache
