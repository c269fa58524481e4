#include "cache/changes.hpp"

#include <algorithm>

#include "core/finding.hpp"

namespace mtasts::cache {
namespace {

// An entry without a policy never replaces a policy that must stay: only its last lookup is taken over.
Record merged(const Record& old, const Record& fresh) {
  Record record = old;
  record.last_lookup = fresh.last_lookup;
  return record;
}

// Whether the day was written by a clock that ran ahead. While our clock is in doubt, it may be the wrong
// one.
bool lies_ahead(const WriteTxn& txn, std::uint32_t day) {
  return txn.moment().clock.certain && day > day_number(txn.now());
}

// When the lost policy must have expired: when the index `expiry` says so, and at the latest after the
// greatest max_age from now. While the clock is in doubt, only `known` counts. Time{}: not known.
Time end_of_lost(const WriteTxn& txn, Time known) {
  if (!txn.moment().clock.certain) return known;
  Time latest = txn.now() + std::chrono::seconds(max_policy_age);
  return known == Time{} ? latest : std::min(known, latest);
}

// What could not be read may have been an enforce policy. The entry stays lost until a lookup settles what
// the policy demanded, but not longer than the policy can have been in force.
void keep_lost(WriteTxn& txn, std::string_view domain, const Stored& old, Record& record) {
  record.lost = true;
  record.refresh_at = end_of_lost(txn, old.record ? old.record->refresh_at : txn.latest_end(domain));
  if (!txn.moment().clock.certain || record.refresh_at > txn.now()) return;
  record.lost = false;
  record.refresh_at = Time{};
  txn.log().warning("cache: the lost policy of " + printable(domain) +
                    " must have expired by now; mail to this domain no longer waits for it");
}

bool put(WriteTxn& txn, const PutRecord& change, Bound& bound, Tally& tally) {
  auto domain = change.domain.str();
  auto old = txn.load(domain);
  if (old && !old->record) {
    txn.log().warning("cache: replacing the unreadable entry of " + printable(domain) + ": " + old->trouble);
    if (!old->newer_version) ++tally.lost;
  }
  bool keep = !change.record.policy && old && old->record && txn.must_stay(*old->record);
  auto record = keep ? merged(*old->record, change.record) : change.record;
  bool unknown = old && (old->record ? old->record->lost : old->in_policy);
  bool stays_lost = unknown && !record.policy && (record.lost || !settles_lost(record));
  record.lost = false;
  if (stays_lost) keep_lost(txn, domain, *old, record);
  auto rank = rank_of(view(record));
  // An entry that replaces one of its own or a higher rank needs no more room. Any other may find none.
  bool grows = !old || !old->record || old->rank() < rank;
  if (grows && !make_room(txn, bound, rank, tally.evicted)) {
    ++tally.refused;
    return false;
  }
  if (old) old = txn.load(domain);  // make_room() may have evicted it
  bool used = old && old->last_used != 0 && !lies_ahead(txn, old->last_used);
  auto last_used = used ? old->last_used : day_number(txn.now());
  txn.save(domain, old, record, last_used);
  return true;
}

bool erase(WriteTxn& txn, const EraseDomain& change) {
  auto old = txn.load(change.domain.str());
  if (!old) return false;
  txn.remove(change.domain.str(), *old);
  return true;
}

bool review(WriteTxn& txn, const ReviewDue& change) {
  auto key = parse_time_key(change.key);
  auto stored = key ? txn.load(key->domain) : std::nullopt;
  bool stands = stored && stored->record && stored->record->policy &&
                time_key(stored->record->refresh_at, key->domain).view() == change.key;
  if (stands && stored->last_used >= change.unused_since) return false;
  return txn.drop_key(txn.dbs().due, change.key);
}

// Replaces bytes that cannot be read with an entry that says that a policy was lost.
void mark_lost(WriteTxn& txn, std::string_view domain, const Stored& stored, std::size_t& lost) {
  auto what = "cache: the " + std::string(stored.in_policy ? "policy" : "entry") + " of " + printable(domain);
  if (stored.newer_version) return txn.log().warning(what + " was written by a newer mtastsd and is ignored");
  if (!stored.in_policy) {  // it had no policy: only the time of the next lookup is lost
    txn.log().warning(what + " is damaged (" + stored.trouble + ") and is deleted");
    return txn.remove(domain, stored);
  }
  txn.log().error(what + " is damaged (" + stored.trouble +
                  "); mail to this domain waits until a lookup finds out what its policy demands");
  auto record = lost_record();
  record.refresh_at = end_of_lost(txn, txn.latest_end(domain));
  txn.save(domain, stored, record, stored.last_used);
  ++lost;
}

bool remember(WriteTxn& txn, const HostMemory& memory) {
  txn.remember(memory);
  return true;
}

struct Apply {
  WriteTxn& txn;
  Bound& bound;
  Tally& tally;
  bool operator()(const PutRecord& change) const { return put(txn, change, bound, tally); }
  bool operator()(const EraseDomain& change) const { return erase(txn, change); }
  bool operator()(const ReviewDue& change) const { return review(txn, change); }
  bool operator()(const HostMemory& memory) const { return remember(txn, memory); }
};

}  // namespace

bool apply(WriteTxn& txn, const Change& change, Bound& bound, Tally& tally) {
  return std::visit(Apply{txn, bound, tally}, change);
}

void apply_note(WriteTxn& txn, const UseRing::Note& note, Tally& tally) {
  auto domain = note.domain();
  auto stored = txn.load(domain);
  if (!stored) return;
  if (!stored->record)
    return note.day == UseRing::suspect ? mark_lost(txn, domain, *stored, tally.lost) : void();
  if (note.day == UseRing::suspect) return;
  auto day = std::min(note.day, day_number(txn.moment().judged_at()));
  if (day > stored->last_used || lies_ahead(txn, stored->last_used))
    txn.save(domain, stored, *stored->record, day);
}

}  // namespace mtasts::cache
