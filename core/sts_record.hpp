// sts_record - the TXT record at _mta-sts.<policy domain> (RFC 8461 §3.1, STS-1 to STS-7).
//
// Grammar: "v=STSv1" then fields "name=value" split by *WSP ";" *WSP, a last ";" optional;
// id=1*32(ALPHA/DIGIT). Choices where RFC text and grammar differ (STS-4, eid 6285): blanks before the first
// ";" are accepted.
//  - A record that does not begin "v=STSv1", optional blanks and ";" is not ours and is passed over (a bare
//  "v=STSv1" too).
//  - Two of ours, or one with broken fields or without a valid id: no live policy (STS-3).
//  - A duplicate field: the first counts, for "id" too (STS-6). Unknown fields are ignored when they follow
//  the grammar.
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

// Judges all TXT records found at the name. Each element is one record, its strings already joined (STS-1).
RecordLint lint_records(std::span<const std::string> records);

// True if the record is ours to judge: begins "v=STSv1" *WSP ";".
bool is_sts_record(std::string_view record) noexcept;

}  // namespace mtasts
