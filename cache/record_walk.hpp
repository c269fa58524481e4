// record_walk - walks all entries for the command line: policies and negatives as one list, in order of
// domain.
#pragma once

#include <functional>
#include <string_view>

#include "cache/environment.hpp"
#include "core/record.hpp"

namespace mtasts::cache {

// Calls f for each entry until f returns false. Copies up to 256 entries or about 1 MiB at a time and rests
// its transaction while f is called, so that a slow f pins no pages. A domain that is stored or erased
// meanwhile may or may not be passed. The view lives until f returns. An entry that cannot be read is passed
// as an error. Fault::storage: the cache cannot be read.
Result<void> walk_records(Environment& env,
                          const std::function<bool(std::string_view, Result<RecordView>)>& f);

// The same for the policies that expire after `from` and not after `to`, in the order of their expiry. Uses
// the index `expiry`, so the cost depends only on how many these are.
Result<void> walk_expiring(Environment& env, Time from, Time to,
                           const std::function<bool(std::string_view, Result<RecordView>)>& f);

}  // namespace mtasts::cache
