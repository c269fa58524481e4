#include "cache/eviction.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint64_t negative_share = 5;  // a fifth of max_size

// Evicts the entry of that rank that was unused for longest. False: there is none. The entry must agree with
// the index; if it does not, only the index key is deleted.
bool evict_one(WriteTxn& txn, Rank rank) {
  auto first = used_key(rank, 0, "");
  auto key = txn.first_key(txn.dbs().used, first.view());
  auto parsed = key ? parse_used_key(*key) : std::nullopt;
  if (!parsed || parsed->rank != static_cast<std::uint8_t>(rank)) return false;
  auto stored = txn.load(parsed->domain);
  bool matches = stored && stored->record && stored->rank() == rank && stored->last_used == parsed->day;
  if (matches) txn.remove(parsed->domain, *stored);
  txn.drop_key(txn.dbs().used, *key);  // remove() has deleted it if it matched
  return true;
}

bool evict_expired(WriteTxn& txn) {
  auto key = txn.first_key(txn.dbs().expiry, "");
  auto parsed = key ? parse_time_key(*key) : std::nullopt;
  if (key && !parsed) return txn.drop_key(txn.dbs().expiry, *key);
  if (!parsed || parsed->when > txn.now()) return false;
  auto stored = txn.load(parsed->domain);
  if (stored && stored->record && txn.expired(*stored->record)) txn.remove(parsed->domain, *stored);
  txn.drop_key(txn.dbs().expiry, *key);
  return true;
}

bool evict_policy(WriteTxn& txn, Rank newcomer) {
  if (evict_expired(txn) || evict_one(txn, Rank::none)) return true;
  return newcomer >= Rank::testing && evict_one(txn, Rank::testing);
}

// Octets of the pages of the negatives: their own tree, and their share of the index `used`.
std::uint64_t negative_bytes(WriteTxn& txn) {
  auto pages = [](const MDB_stat& s) { return s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages; };
  auto negative = txn.stat(txn.dbs().negative), used = txn.stat(txn.dbs().used);
  auto in_index = used.ms_entries == 0 ? 0 : pages(used) * negative.ms_entries / used.ms_entries;
  return (pages(negative) + in_index) * negative.ms_psize;
}

// Octets of all other pages in use.
std::uint64_t policy_bytes(WriteTxn& txn) { return txn.used_bytes() - negative_bytes(txn); }

}  // namespace

bool make_room(WriteTxn& txn, Bound& bound, Rank newcomer, std::size_t& evicted) {
  auto evict = [&](auto&& one) {
    if (!txn.moment().clock.certain || bound.budget == 0 || !one()) return false;
    --bound.budget;
    ++evicted;
    return true;
  };
  auto share = bound.max_size / negative_share;
  if (newcomer == Rank::negative) {
    while (negative_bytes(txn) > share)
      if (!evict([&] { return evict_one(txn, Rank::negative); })) return false;
    return true;
  }
  while (policy_bytes(txn) >= bound.max_size - share)
    if (!evict([&] { return evict_policy(txn, newcomer); })) return newcomer == Rank::enforce;
  return true;
}

}  // namespace mtasts::cache
