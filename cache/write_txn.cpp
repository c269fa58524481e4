#include "cache/write_txn.hpp"

#include <algorithm>

#include "cache/entry.hpp"
#include "core/policy_life.hpp"

namespace mtasts::cache {
namespace {

constexpr std::size_t time_head = 8, used_head = 1 + 4;  // octets before the domain in an index key

Time expiry_of(const Record& record) noexcept {
  auto policy = view(*record.policy);
  return expires_at(policy, record.fetched_at, certain(record.fetched_at));
}

}  // namespace

WriteTxn::WriteTxn(Environment& env, const Moment& moment) : env_(env), moment_(moment) {
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env.get(), nullptr, 0, &raw), "begin a write transaction");
  txn_.reset(raw);
  newest_fetch_ = newest_fetch(raw, dbs());
}

std::optional<std::string_view> WriteTxn::get(MDB_dbi dbi, std::string_view key) {
  MDB_val k = to_val(key), value{};
  int rc = mdb_get(txn_.get(), dbi, &k, &value);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  check(rc, "read");
  return to_view(value);
}

std::optional<Stored> WriteTxn::load(std::string_view domain) {
  Stored stored;
  auto bytes = get(dbs().policy, domain);
  stored.in_policy = bytes.has_value();
  if (!bytes) bytes = get(dbs().negative, domain);
  if (!bytes) return std::nullopt;
  auto entry = judge_entry(domain, *bytes, stored.in_policy);
  if (entry.record) stored.record = to_record(*entry.record);
  stored.last_used = entry.last_used;
  stored.newer_version = entry.newer_version;
  stored.trouble = std::move(entry.trouble);
  return stored;
}

void WriteTxn::save(std::string_view domain, const std::optional<Stored>& old, const Record& record,
                    std::uint32_t last_used) {
  bool fetched = record.policy &&
                 !(old && old->record && old->record->policy && old->record->fetched_at == record.fetched_at);
  if (old) remove(domain, *old);
  auto bytes = join_value(domain, last_used, encode(record));
  MDB_val key = to_val(domain), value = to_val(bytes);
  check(mdb_put(txn_.get(), record.policy ? dbs().policy : dbs().negative, &key, &value, 0),
        "store an entry");
  add_index(domain, record, last_used);
  if (fetched) note_fetch(record.fetched_at);
}

void WriteTxn::note_fetch(Time fetched_at) {
  if (fetched_at <= newest_fetch_) return;
  newest_fetch_ = fetched_at;
  set_newest_fetch(txn_.get(), dbs(), fetched_at);
}

void WriteTxn::note_certain(const ClockMark& mark) {
  set_clock_mark(txn_.get(), dbs(), mark);
  if (newest_fetch_ <= mark.last_certain) return;
  newest_fetch_ = mark.last_certain;
  set_newest_fetch(txn_.get(), dbs(), newest_fetch_);
}

void WriteTxn::remember(const HostMemory& memory) { set_host_memory(txn_.get(), dbs(), memory); }

void WriteTxn::remove(std::string_view domain, const Stored& old) {
  drop_index(domain, old);
  drop_key(dbs().policy, domain);
  drop_key(dbs().negative, domain);
}

void WriteTxn::add_index(std::string_view domain, const Record& record, std::uint32_t last_used) {
  add_key(dbs().used, used_key(rank_of(view(record)), last_used, domain).view());
  if (!record.policy) return;
  add_key(dbs().expiry, time_key(expiry_of(record), domain).view());
  add_key(dbs().due, time_key(record.refresh_at, domain).view());
}

// Calls f(cursor, key) for each of the domain's keys. Walks the whole index, so this is only for the rare
// entry that cannot be read.
template <class F>
void WriteTxn::for_keys_of(MDB_dbi index, std::size_t head, std::string_view domain, F f) {
  MDB_cursor* raw = nullptr;
  check(mdb_cursor_open(txn_.get(), index, &raw), "open a cursor");
  Cursor cursor(raw);
  MDB_val key{}, value{};
  int rc = mdb_cursor_get(raw, &key, &value, MDB_FIRST);
  for (; rc == MDB_SUCCESS; rc = mdb_cursor_get(raw, &key, &value, MDB_NEXT)) {
    auto text = to_view(key);
    if (text.size() == head + domain.size() && text.ends_with(domain)) f(raw, text);
  }
  if (rc != MDB_NOTFOUND) check(rc, "read an index");
}

Time WriteTxn::latest_end(std::string_view domain) {
  Time latest{};
  for_keys_of(dbs().expiry, time_head, domain, [&](MDB_cursor*, std::string_view key) {
    if (auto parsed = parse_time_key(key)) latest = std::max(latest, parsed->when);
  });
  return latest;
}

void WriteTxn::drop_index(std::string_view domain, const Stored& old) {
  if (!old.record) {  // its index keys are not known
    for (auto [index, head] :
         {std::pair(dbs().used, used_head), {dbs().expiry, time_head}, {dbs().due, time_head}})
      for_keys_of(index, head, domain,
                  [](MDB_cursor* cursor, std::string_view) { check(mdb_cursor_del(cursor, 0), "delete"); });
    return;
  }
  drop_key(dbs().used, used_key(old.rank(), old.last_used, domain).view());
  if (!old.record->policy) return;
  drop_key(dbs().expiry, time_key(expiry_of(*old.record), domain).view());
  drop_key(dbs().due, time_key(old.record->refresh_at, domain).view());
}

bool WriteTxn::must_stay(const Record& record) const noexcept {
  return record.policy && mtasts::must_stay(view(*record.policy), record.fetched_at, moment_);
}

bool WriteTxn::expired(const Record& record) const noexcept {
  return record.policy && !holds(view(*record.policy), record.fetched_at, moment_);
}

std::optional<std::string> WriteTxn::first_key(MDB_dbi index, std::string_view from) {
  MDB_cursor* raw = nullptr;
  check(mdb_cursor_open(txn_.get(), index, &raw), "open a cursor");
  Cursor cursor(raw);
  MDB_val key = to_val(from), value{};
  int rc = mdb_cursor_get(raw, &key, &value, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  check(rc, "read an index");
  return std::string(to_view(key));
}

bool WriteTxn::drop_key(MDB_dbi index, std::string_view key) {
  MDB_val k = to_val(key);
  int rc = mdb_del(txn_.get(), index, &k, nullptr);
  if (rc == MDB_NOTFOUND) return false;
  check(rc, "delete");
  return true;
}

void WriteTxn::add_key(MDB_dbi index, std::string_view key) {
  MDB_val k = to_val(key), nothing{};
  check(mdb_put(txn_.get(), index, &k, &nothing, 0), "write an index");
}

MDB_stat WriteTxn::stat(MDB_dbi dbi) {
  MDB_stat stat{};
  check(mdb_stat(txn_.get(), dbi, &stat), "count pages");
  return stat;
}

}  // namespace mtasts::cache
