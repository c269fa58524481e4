// Input: TXT records, each ended by an octet 0x1E. Properties: the verdict follows from the number of MTA-STS
// records; a valid one has an id that follows the grammar and is in the record; an error is found if and only
// if it is invalid; the order of other records does not matter; messages are printable. Also decodes the
// input as TXT RDATA.

#include <algorithm>
#include <string>
#include <vector>

#include "core/dns_answer.hpp"
#include "core/sts_record.hpp"
#include "core/text.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool is_error(const Finding& finding) { return finding.severity == Severity::error; }

void check_findings(const RecordLint& lint) {
  require(std::ranges::any_of(lint.findings, is_error) == (lint.verdict == TxtVerdict::invalid),
          "an error if and only if invalid");
  for (const Finding& finding : lint.findings) {
    require(!finding.code.empty() && finding.message.size() < 500, "findings are short and have a code");
    require(std::ranges::all_of(finding.message, is_printable), "messages are printable");
  }
}

void check_id(const RecordLint& lint, const std::vector<std::string>& records) {
  require(lint.id.empty() == (lint.verdict != TxtVerdict::valid), "an id if and only if valid");
  if (lint.id.empty()) return;
  require(lint.id.size() <= 32 && std::ranges::all_of(lint.id, is_alnum), "the id follows its grammar");
  auto ours = std::ranges::find_if(records, is_sts_record);
  require(ours->find("id=" + lint.id) != std::string::npos, "the id stands in the record");
  std::vector<std::string> rewritten = {"v=STSv1; id=" + lint.id + ";"};
  require(lint_records(rewritten).id == lint.id, "the id is read back");
}

void check_txt(std::string_view rdata) {
  std::optional<std::string> text = decode_txt(rdata);
  if (text) require(text->size() < rdata.size(), "each string costs an octet");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  check_txt(input);
  std::vector<std::string> records;
  while (!input.empty()) records.emplace_back(fuzz::take_until(input, '\x1E'));

  RecordLint lint = lint_records(records);
  auto ours = std::ranges::count_if(records, is_sts_record);
  require((ours == 0) == (lint.verdict == TxtVerdict::none), "none if and only if no record is ours");
  require(ours < 2 || lint.verdict == TxtVerdict::invalid, "two of ours are invalid");
  check_findings(lint);
  check_id(lint, records);

  std::ranges::reverse(records);
  RecordLint reversed = lint_records(records);
  require(reversed.verdict == lint.verdict && reversed.id == lint.id, "order does not matter");
  return 0;
}
