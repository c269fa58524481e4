// Input: TXT records, each ended by an octet 0x1E. Properties: the verdict follows from the number of TLSRPT
// records; a valid one has URIs that stand in the record, have a target and are read back; an invalid one has
// an error and a valid one none; the order of other records does not matter; messages are printable.

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.hpp"
#include "core/tlsrpt.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool is_error(const Finding& finding) { return finding.severity == Severity::error; }

void check_findings(const TlsRptLint& lint) {
  bool error = std::ranges::any_of(lint.findings, is_error);
  require(error || lint.verdict != TxtVerdict::invalid, "an error if invalid");
  require(!error || lint.verdict != TxtVerdict::valid, "no error if valid");
  require(lint.findings.size() <= 60, "few findings");
  for (const Finding& finding : lint.findings) {
    require(!finding.code.empty() && finding.message.size() < 500, "findings are short and have a code");
    require(std::ranges::all_of(finding.message + finding.evidence, is_printable), "printable");
  }
}

void check_uris(const TlsRptLint& lint, const std::vector<std::string>& records) {
  require(lint.uris.empty() == (lint.verdict != TxtVerdict::valid), "URIs if and only if valid");
  if (lint.uris.empty()) return;
  auto ours = std::ranges::find_if(records, is_tlsrpt_record);
  std::string rewritten = "v=TLSRPTv1; rua=";
  for (const std::string& uri : lint.uris) {
    require(ours->contains(uri), "the URI stands in the record");
    auto target = report_target(uri);
    require(target && !target->host.empty(), "the URI has a target");
    rewritten += (&uri == lint.uris.data() ? "" : ", ") + uri;
  }
  TlsRptLint again = lint_tlsrpt(std::vector{rewritten});
  require(again.uris == lint.uris && again.findings.empty(), "the URIs are read back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  std::vector<std::string> records;
  while (!input.empty()) records.emplace_back(fuzz::take_until(input, '\x1E'));

  TlsRptLint lint = lint_tlsrpt(records);
  auto ours = std::ranges::count_if(records, is_tlsrpt_record);
  require((ours == 0) == (lint.verdict == TxtVerdict::none), "none if and only if no record is ours");
  require(ours < 2 || lint.verdict == TxtVerdict::invalid, "two of ours are invalid");
  check_findings(lint);
  check_uris(lint, records);

  std::ranges::reverse(records);
  TlsRptLint reversed = lint_tlsrpt(records);
  require(reversed.verdict == lint.verdict && reversed.uris == lint.uris, "order does not matter");
  return 0;
}
