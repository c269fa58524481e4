// populate - puts many synthetic entries into a cache through its store, as the daemon's flights do.
//
// Many puts are under way at once, so the store thread always has a full batch to commit. If the entries are
// stored, and fall due, in the order of their numbers, those of a batch share pages. In random order each
// entry changes a page of every index, and the disk bounds the speed.
#pragma once

#include <cstdint>
#include <functional>

#include "cache/lmdb_cache.hpp"
#include "tests/bench/keys.hpp"
#include "tests/bench/synthetic.hpp"

namespace mtasts::bench {

struct PopulatePlan {
  RecordPlan record;
  std::uint64_t domains = 0;
  bool scattered = false;  // stored in scattered order, as mail would ask for them; else by number
};

// Calls progress about once a second with the number of entries stored. Fault::config: the pattern makes a
// name that is not a domain name. Fault::storage: the first put that failed. In either case it waits for the
// puts under way.
Result<void> populate(Store& store, const PopulatePlan& plan, const KeyPattern& pattern, Time now,
                      const std::function<void(std::uint64_t stored)>& progress);

}  // namespace mtasts::bench
