// trace_file - the form in which `mtastsctl explain` and `check` save their inputs and what the network
// answered (--save), and read them again (--offline): one JSON object in ASCII.
//
// `explain` writes version 2, which older programs read. `check` writes version 3: it has the member `check`
// with the inputs that only a check has, dialogues, single addresses of policy hosts, name servers and
// misplaced policies among the steps, whether a failure was this host's own (`local`), and `certificates`, in
// which each certificate stands once and to whose elements the chains refer by number. Files of all versions
// from 1 are read by both verbs.
//
// Octets that may have any value (names, reasons, headers) are strings in which U+0000 to U+00FF stand for
// the octets 0 to 255. RDATA, bodies and the cache's entry are hexadecimal. Times are seconds since 1970.
//
// The file is hostile: every member must be present, of its type and within its range, and no unknown member
// is accepted. The exception is rules.settings, which holds the zone's keys under their names in
// mtastsd.toml: a key that is newer than the file may be missing there, and then has its default.
// last_certain is there only if the clock was in doubt, rules.dnssec_known only if it is false, and
// check.given only if the user wrote something else than the domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "diagnose/checking.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

inline constexpr std::size_t max_trace_file = 16 << 20;  // octets that are read
inline constexpr std::size_t max_check_file = 1 << 20;   // octets that are written for a check
inline constexpr std::int64_t explain_version = 2, check_version = 3;

struct SavedTrace {
  ExplainInputs inputs;
  Trace trace;
  std::optional<CheckInputs> check{};  // set if a check wrote the file; its `explain` is the same as inputs
};

// One line, with its LF. Equal values give equal text. Steps that only a check has are left out.
std::string write_trace(const ExplainInputs& inputs, const Trace& trace);
// The same for a check, after fit_trace().
std::string write_trace(const CheckInputs& inputs, const Trace& trace);
// As the verb that wrote it.
std::string write_trace(const SavedTrace& saved);

// Shortens a trace until a check's file of it has at most `most` octets. Does nothing if it is not larger. A
// check that judges the trace after this call has the same findings as its replay. In this order, and no
// further than needed:
// - replies of more than 4 KiB, such as no honest server sends, are cut (SmtpReply::cut)
// - certificates behind the leaf, the largest first, leave their chains, with what follows (chain_cut)
// - so do leaves
// - all replies are cut to 1 KiB, then to 256 octets
// - a single address's answer over HTTP becomes an error that says so, the largest first
// - so does a name server's answer, then any DNS answer
// - the last steps are dropped; a replay says of them that they are not in the trace
// The inputs are not shortened. They are small, but for a stored policy of up to 64 KiB.
void fit_trace(const CheckInputs& inputs, Trace& trace, std::size_t most = max_check_file);

// Fault::syntax: the detail names the member that is wrong, in printable ASCII. If the result is written with
// write_trace() and read again, it is the same, unless it had to be shortened.
Result<SavedTrace> read_trace(std::string_view text);

}  // namespace mtasts
