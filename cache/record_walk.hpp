// record_walk - all stored domains in key order, for the command line: policies and negatives as one list.
#pragma once

#include <functional>
#include <string_view>

#include "cache/environment.hpp"
#include "core/record.hpp"

namespace mtasts::cache {

// Copies some records at a time and rests its transaction while f is called, so that a slow consumer pins no
// pages; a domain stored or erased meanwhile may be met or not. A view lives until f returns. A bad record is
// passed as an error. Ends when f returns false.
Result<void> walk_records(Environment& env,
                          const std::function<bool(std::string_view, Result<RecordView>)>& f);

// The same of the policies that end after `from`, and at `to` at the latest, in the order of their end, by
// the index: it costs as much as there are of these.
Result<void> walk_expiring(Environment& env, Time from, Time to,
                           const std::function<bool(std::string_view, Result<RecordView>)>& f);

}  // namespace mtasts::cache
