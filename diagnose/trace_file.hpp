// trace_file - the form in which mtastsctl explain keeps an Explanation's inputs and answers (--save,
// --offline): one JSON object in ASCII, version 2. Files of version 1 are read too.
//
// Octets that may be anything (names, reasons, headers) are strings in which U+0000 to U+00FF stand for the
// octets 0 to 255; RDATA, bodies and the stored record are hexadecimal. Times are seconds since 1970. The
// file is hostile: every member must be there, of its type and within its range, and none may be unknown.
// Only of rules.settings, the keys of a zone by their names in mtastsd.toml, those may be missing that are
// younger than the file; they have their defaults.
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

// One line, its end included. Of equal values equal texts.
std::string write_trace(const ExplainInputs& inputs, const Trace& trace);

// Fault::syntax: the detail names the member that is wrong, in printable ASCII. write_trace() of what is read
// is read again as the same.
Result<SavedTrace> read_trace(std::string_view text);

}  // namespace mtasts
