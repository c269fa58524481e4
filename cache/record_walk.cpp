#include "cache/record_walk.hpp"

#include <optional>
#include <string>
#include <vector>

#include "cache/entry.hpp"
#include "cache/lmdb_reader.hpp"
#include "core/policy_life.hpp"

namespace mtasts::cache {
namespace {

constexpr std::size_t chunk_records = 256, chunk_bytes = 1 << 20;

// A cursor in one of the two databases that are merged.
class Side {
 public:
  Side(MDB_txn* txn, MDB_dbi dbi, std::string_view after) {
    MDB_cursor* raw = nullptr;
    check(mdb_cursor_open(txn, dbi, &raw), "open a cursor");
    cursor_.reset(raw);
    key_ = to_val(after);
    step(after.empty() ? MDB_FIRST : MDB_SET_RANGE);
    if (there_ && key() == after) step(MDB_NEXT);
  }
  bool there() const noexcept { return there_; }
  std::string_view key() const noexcept { return to_view(key_); }
  std::string_view value() const noexcept { return to_view(value_); }
  void next() { step(MDB_NEXT); }

 private:
  void step(MDB_cursor_op op) {
    int rc = mdb_cursor_get(cursor_.get(), &key_, &value_, op);
    there_ = rc == MDB_SUCCESS;
    if (!there_ && rc != MDB_NOTFOUND) check(rc, "walk");
  }
  Cursor cursor_;
  MDB_val key_{}, value_{};
  bool there_ = false;
};

Result<RecordView> judge(std::string_view domain, std::string_view bytes, bool in_policy) {
  auto entry = judge_entry(domain, bytes, in_policy);
  if (!entry.record) return fail(Fault::storage, std::move(entry.trouble));
  return *entry.record;
}

using Consumer = std::function<bool(std::string_view, Result<RecordView>)>;

struct Copied {
  std::string domain, value;
  bool in_policy = false;
};

// The entries after `last`, up to the limits of a chunk; empty: there are no more.
std::vector<Copied> copy_some(MDB_txn* txn, const Databases& dbs, std::string_view last) {
  std::vector<Copied> chunk;
  std::size_t bytes = 0;
  Side policy(txn, dbs.policy, last), negative(txn, dbs.negative, last);
  while ((policy.there() || negative.there()) && chunk.size() < chunk_records && bytes < chunk_bytes) {
    bool in_policy = policy.there() && (!negative.there() || policy.key() <= negative.key());
    auto& side = in_policy ? policy : negative;
    // If a domain is in both, only its policy counts.
    if (in_policy && negative.there() && negative.key() == policy.key()) negative.next();
    bytes += side.value().size();
    chunk.push_back({std::string(side.key()), std::string(side.value()), in_policy});
    side.next();
  }
  return chunk;
}

// Whether the key matches the entry and is not outdated. True if the entry cannot be read, so that it is
// passed on as an error.
bool stands_for(std::string_view key, std::string_view domain, std::string_view bytes) {
  auto record = judge(domain, bytes, true);
  return !record ||
         time_key(expires_at(record->policy, record->fetched_at, certain(record->fetched_at)), domain)
                 .view() == key;
}

// The policies that expire up to `to`, after the index key `next`; sets next to the last key that was read.
std::vector<Copied> copy_expiring(MDB_txn* txn, const Databases& dbs, std::string& next, Time to) {
  std::vector<Copied> chunk;
  std::size_t bytes = 0;
  Side index(txn, dbs.expiry, next);
  for (; index.there() && chunk.size() < chunk_records && bytes < chunk_bytes; index.next()) {
    auto key = parse_time_key(index.key());
    if (key && key->when > to) break;
    next.assign(index.key());
    auto found = key ? get_value(txn, dbs.policy, key->domain) : FoundValue{};
    check(found.rc, "walk");
    if (!found.bytes || !stands_for(index.key(), key->domain, *found.bytes)) continue;
    bytes += found.bytes->size();
    chunk.push_back({std::string(key->domain), std::string(*found.bytes), true});
  }
  return chunk;
}

// copy_next(txn) returns the next entries, and none at the end.
template <class CopyNext>
Result<void> walk(Environment& env, const Consumer& f, CopyNext copy_next) try {
  RestingTxn txn(env);
  check(txn.make(), "begin a read");
  for (;;) {
    check(txn.renew(), "begin a read");
    auto chunk = copy_next(txn.get());
    txn.rest();
    if (chunk.empty()) return {};
    for (const auto& [domain, value, in_policy] : chunk)
      if (!f(domain, judge(domain, value, in_policy))) return {};
  }
} catch (const LmdbFailure& failure) {
  return std::unexpected(env.error(failure.doing, failure.rc));
}

}  // namespace

Result<void> walk_records(Environment& env, const Consumer& f) {
  std::string last;
  return walk(env, f, [&](MDB_txn* txn) {
    auto chunk = copy_some(txn, env.dbs(), last);
    if (!chunk.empty()) last = chunk.back().domain;
    return chunk;
  });
}

Result<void> walk_expiring(Environment& env, Time from, Time to, const Consumer& f) {
  std::string next(time_key(from + std::chrono::seconds(1), "").view());
  return walk(env, f, [&](MDB_txn* txn) { return copy_expiring(txn, env.dbs(), next, to); });
}

}  // namespace mtasts::cache
