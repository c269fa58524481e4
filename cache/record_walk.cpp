#include "cache/record_walk.hpp"

#include <optional>
#include <string>

#include "cache/layout.hpp"
#include "cache/lmdb_reader.hpp"

namespace mtasts::cache {
namespace {

constexpr int renew_after = 1000;

// One database's side of the merge.
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
  auto value = split_value(domain, bytes);
  if (!value) return fail(Fault::storage, "it is not this domain's");
  auto record = decode(value->record);
  if (record && record->has_policy != in_policy) return fail(Fault::storage, "it lies in the wrong database");
  return record;
}

using Consumer = std::function<bool(std::string_view, Result<RecordView>)>;

// Up to renew_after records after `last`, which becomes the last one passed. False: done.
bool walk_some(MDB_txn* txn, const Databases& dbs, std::string& last, const Consumer& f) {
  Side policy(txn, dbs.policy, last), negative(txn, dbs.negative, last);
  for (int n = 0; n < renew_after; ++n) {
    if (!policy.there() && !negative.there()) return false;
    bool in_policy = policy.there() && (!negative.there() || policy.key() <= negative.key());
    auto& side = in_policy ? policy : negative;
    last.assign(side.key());
    if (!f(last, judge(last, side.value(), in_policy))) return false;
    if (in_policy && negative.there() && negative.key() == last) negative.next();  // the policy hides it
    side.next();
  }
  return true;
}

}  // namespace

Result<void> walk_records(Environment& env, const Consumer& f) try {
  RestingTxn txn(env);
  check(txn.make(), "begin a read");
  std::string last;
  do check(txn.renew(), "begin a read");
  while (walk_some(txn.get(), env.dbs(), last, f));
  return {};
} catch (const LmdbFailure& failure) {
  return std::unexpected(env.error(failure.doing, failure.rc));
}

}  // namespace mtasts::cache
