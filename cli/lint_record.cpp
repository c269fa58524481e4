#include "cli/commands.hpp"
#include "cli/txt_lint.hpp"
#include "core/sts_record.hpp"

namespace mtasts {

int lint_record(const std::vector<std::string>& records, const Terminal& terminal) {
  RecordLint lint = lint_records(records);
  TxtLint found{.verdict = lint.verdict,
                .none = "none of these is an MTA-STS record (\"v=STSv1; id=...\")",
                .findings = std::move(lint.findings)};
  bool valid = lint.verdict == TxtVerdict::valid;
  found.members.emplace("id", valid ? to_json(lint.id) : boost::json::value());
  if (valid) found.lines.emplace_back("id", whole(lint.id));
  return print_txt_lint(std::move(found), terminal);
}

}  // namespace mtasts
