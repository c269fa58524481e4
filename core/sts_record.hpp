// sts_record - the TXT record at _mta-sts.<policy domain> (RFC 8461 §3.1, STS-1 to STS-7).
//
// Grammar: "v=STSv1", then fields "name=value" separated by *WSP ";" *WSP, a last ";" optional;
// id=1*32(ALPHA/DIGIT). Choices where the RFC's text and grammar differ (STS-4, eid 6285):
//   - Blanks before the first ";" are accepted.
//   - It is an MTA-STS record if it begins with "v=STSv1", optional blanks and ";". Others are ignored, a
//     bare "v=STSv1" too.
//   - Two such records, or one with broken fields or without a valid id: the domain announces no policy
//     (STS-3).
//   - The first of duplicate fields counts, also of "id" (STS-6). Unknown fields are ignored if they follow
//     the grammar.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/finding.hpp"

namespace mtasts {

enum class TxtVerdict { valid, none, invalid };

std::string_view words(TxtVerdict verdict) noexcept;  // "valid", "none", "invalid"

struct RecordLint {
  TxtVerdict verdict;
  std::string id;     // empty unless valid
  Findings findings;  // at least one error if invalid
};

// Judges all TXT records at the name. Each element is one record, its strings already joined (STS-1).
RecordLint lint_records(std::span<const std::string> records);

// Whether it is an MTA-STS record: it begins with "v=STSv1" *WSP ";".
bool is_sts_record(std::string_view record) noexcept;

}  // namespace mtasts
