// trace_file - the form in which `mtastsctl explain` saves an Explanation's inputs and answers (--save) and
// reads them again (--offline): one JSON object in ASCII, version 2. Files of version 1 are read too.
//
// Octets that may have any value (names, reasons, headers) are strings in which U+0000 to U+00FF stand for
// the octets 0 to 255. RDATA, bodies and the cache's entry are hexadecimal. Times are seconds since 1970.
//
// The file is hostile: every member must be present, of its type and within its range, and no unknown member
// is accepted. The exception is rules.settings, which holds the zone's keys under their names in
// mtastsd.toml: a key that is newer than the file may be missing there, and then has its default.
// last_certain is there only if the clock was in doubt, and rules.dnssec_known only if it is false.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

inline constexpr std::size_t max_trace_file = 16 << 20;  // octets
inline constexpr std::int64_t trace_version = 2;

struct SavedTrace {
  ExplainInputs inputs;
  Trace trace;
};

// One line, with its LF. Equal values give equal text.
std::string write_trace(const ExplainInputs& inputs, const Trace& trace);

// Fault::syntax: the detail names the member that is wrong, in printable ASCII. If the result is written with
// write_trace() and read again, it is the same.
Result<SavedTrace> read_trace(std::string_view text);

}  // namespace mtasts
