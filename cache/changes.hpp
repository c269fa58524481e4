// changes - what the store thread is asked to do, applied inside its write transaction.
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

// due() met this key of the index: drop it if it no longer stands for the record, or if nobody has asked for
// the domain since that day. The next use files it again.
struct ReviewDue {
  std::string key;
  std::uint32_t unused_since;
};

using Change = std::variant<PutRecord, EraseDomain, ReviewDue, HostMemory>;

// What a batch did beside storing, for one log line a minute.
struct Tally {
  std::size_t evicted = 0;  // by the bound
  std::size_t refused = 0;  // records that protect nothing and found no room
  std::size_t lost = 0;     // entries found damaged
};

// True: something was stored or erased. Throws LmdbFailure.
bool apply(WriteTxn& txn, const Change& change, Bound& bound, Tally& tally);

// A note of an answer thread: moves the day of the last use forward, and back only where it lies ahead of a
// certain clock; or looks at a record it found bad.
void apply_note(WriteTxn& txn, const UseRing::Note& note, Tally& tally);

}  // namespace mtasts::cache
