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

}  // namespace mtasts::cache
