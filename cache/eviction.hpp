// eviction - keeps the used pages below max_size without ever giving up a protection (docs/CACHE_FORMAT.md).
//
// A fifth of max_size belongs to the negatives, the rest to the policies, and neither makes room for the
// other: else strangers with large policies would have every mail to a domain without one cost a lookup.
// Among the negatives the longest unused goes. Among the policies go, in this order: expired ones, those of
// mode none, of mode testing; within each, the longest unused first. An unexpired enforce policy never goes:
// a sender who could push it out by making the relay ask for many domains would have a downgrade on demand. A
// newcomer pushes out nothing that is worth more than itself. While the clock is in doubt nothing goes: what
// looks unused or expired may be neither.
#pragma once

#include <cstdint>

#include "cache/write_txn.hpp"

namespace mtasts::cache {

struct Bound {
  std::uint64_t max_size = 0;  // bytes of used pages
  std::size_t budget = 4096;   // records that may still be evicted in this transaction
};

// Makes room for one more record of this rank. False: there is none, and the newcomer protects nothing, so
// that it is not to be stored. A newcomer of rank enforce is stored anyway, beyond max_size too. evicted
// counts what went.
bool make_room(WriteTxn& txn, Bound& bound, Rank newcomer, std::size_t& evicted);

}  // namespace mtasts::cache
