// tlsrpt - the TXT record at _smtp._tls.<policy domain>: where to send reports about TLS (RFC 8460 §3).
//
// Grammar: "v=TLSRPTv1", then fields "name=value" separated by *WSP ";" *WSP, a last ";" optional; rua= lists
// URIs with *WSP "," *WSP between them. Choices where the RFC's text and grammar differ, or where it is
// silent:
//   - It is a TLSRPT record if it begins with "v=TLSRPTv1", optional blanks and ";". Others are ignored, a
//     bare "v=TLSRPTv1" too. Those that look as if they were meant to be one get a finding.
//   - Two such records, or one with broken fields or without a usable URI: senders send no reports.
//   - "!", ",", ";" and blanks within a URI are written as %21, %2C, %3B and %20. A "!10m" at the end, as in
//     DMARC, has no meaning.
//   - URIs of other schemes are skipped, with a warning, if one of mailto or https stands beside them.
//   - The first of two rua counts. Unknown fields are ignored if they follow the grammar.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.hpp"
#include "core/sts_record.hpp"

namespace mtasts {

struct TlsRptLint {
  TxtVerdict verdict;
  std::vector<std::string> uris;  // those of mailto and https, in their order; empty unless valid
  Findings findings;              // at least one error if invalid
};

// Judges all TXT records at the name. Each element is one record, its strings already joined. Records that
// are not about TLSRPT get no finding.
TlsRptLint lint_tlsrpt(std::span<const std::string> records);

// Whether it is a TLSRPT record: it begins with "v=TLSRPTv1" *WSP ";".
bool is_tlsrpt_record(std::string_view record) noexcept;

// Where reports for a URI go.
struct ReportTarget {
  enum class Kind : std::uint8_t { mail, https };
  Kind kind;
  std::string host;  // the domain of the mail address or the host of the URI, as written
};

// nullopt: not a usable URI of the scheme mailto or https.
std::optional<ReportTarget> report_target(std::string_view uri);

}  // namespace mtasts
