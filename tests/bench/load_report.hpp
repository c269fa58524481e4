// load_report - prints the result of a load run, for people and for programs.
#pragma once

#include <string>

#include "tests/bench/load.hpp"

namespace mtasts::bench {

// A few lines.
std::string as_text(const LoadResult& result);

// One object: requests, seconds, per_second, latency_us {p50, p90, p99, p999, max, mean}, status {OK,
// NOTFOUND, TEMP, PERM, TIMEOUT, other}, reply_bytes (mean), server_cpu_us_per_request (null: not asked for),
// generator_cpu_share (of one core), generator_cpu_us_per_request, closed_by_server, unanswered, errors,
// first_error.
std::string as_json(const LoadResult& result);

// True if every request got a reply of the protocol, and no connection that asked broke.
bool all_well(const LoadResult& result) noexcept;

}  // namespace mtasts::bench
