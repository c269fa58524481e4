// populate - puts many synthetic records into a cache, through its own store, as the daemon's flights do.
//
// Many puts are in flight at once, so that the store thread always has a full batch to commit. In the order
// of the numbers, with refreshes that fall due in it too, a batch shares its pages; without an order each
// record costs a page of every index, and the disk is what takes the time.
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
  bool scattered = false;  // stored in an order that hops about, as mail would ask; else by number
};

// Calls progress about once a second with how many are stored. Fault::config: the pattern makes a name that
// is no domain. Fault::storage: the first put that failed; those in flight are finished.
Result<void> populate(Store& store, const PopulatePlan& plan, const KeyPattern& pattern, Time now,
                      const std::function<void(std::uint64_t stored)>& progress);

}  // namespace mtasts::bench
