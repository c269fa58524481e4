// changes - what the store thread is asked to do, and how it is done inside its write transaction.
#pragma once

#include <string>
#include <variant>

#include "cache/eviction.hpp"
#include "cache/use_ring.hpp"
#include "cache/write_txn.hpp"
#include "core/host_memory.hpp"

namespace mtasts::cache {

struct PutRecord {
  DomainName domain;
  Record record;
};

struct EraseDomain {
  DomainName domain;
};

// due() found this key in the index `due`. The key is deleted if it does not match its entry any more, or if
// nobody has asked for the domain since that day; the next use adds it again.
struct ReviewDue {
  std::string key;
  std::uint32_t unused_since;
};

using Change = std::variant<PutRecord, EraseDomain, ReviewDue, HostMemory>;

// What a batch did besides storing, for one log line a minute.
struct Tally {
  std::size_t evicted = 0;  // entries removed to stay within max_size
  std::size_t refused = 0;  // entries that protect nothing and were not stored, for lack of room
  std::size_t lost = 0;     // entries found damaged
};

// Makes the change. True: something was stored or erased. Adds to tally. Throws LmdbFailure.
bool apply(WriteTxn& txn, const Change& change, Bound& bound, Tally& tally);

// Handles a note of an answer thread: moves the domain's day of last use forward, or, if the thread found the
// entry damaged, checks it and stores it as lost. The day is moved back only if it lies in the future of a
// certain clock. Adds to tally. Throws LmdbFailure.
void apply_note(WriteTxn& txn, const UseRing::Note& note, Tally& tally);

}  // namespace mtasts::cache
