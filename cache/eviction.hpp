// eviction - keeps the pages in use below max_size, without ever giving up a protection
// (docs/CACHE_FORMAT.md).
//
// A fifth of max_size belongs to the negatives and the rest to the policies. Neither makes room for the
// other: otherwise strangers with large policies could push out all negatives, and each mail to a domain
// without a policy would cost a lookup.
//
// Of the negatives, the one unused for longest is evicted first. Policies are evicted in this order: expired
// ones, those of mode none, those of mode testing; within each group, the one unused for longest first. An
// enforce policy in force is never evicted: otherwise somebody who makes the relay ask for many domains could
// remove protection at will. A new entry never evicts one of a higher rank. While the clock is in doubt
// nothing is evicted, because an entry that seems unused or expired may be neither.
#pragma once

#include <cstdint>

#include "cache/write_txn.hpp"

namespace mtasts::cache {

struct Bound {
  std::uint64_t max_size = 0;  // octets of pages in use
  std::size_t budget = 4096;   // how many entries may still be evicted in this transaction
};

// Makes room for one more entry of the rank `newcomer`. False: there is no room, and the new entry must not
// be stored. Always true for rank enforce, which may exceed max_size. Adds the number of entries evicted to
// evicted. Throws LmdbFailure.
bool make_room(WriteTxn& txn, Bound& bound, Rank newcomer, std::size_t& evicted);

}  // namespace mtasts::cache
