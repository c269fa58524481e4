#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "cli/commands.hpp"
#include "core/sts_record.hpp"

namespace mtasts {
namespace {

void print_json(const RecordLint& lint, const Terminal& terminal) {
  boost::json::object object{{"verdict", to_json(words(lint.verdict))}, {"id", nullptr}};
  if (lint.verdict == TxtVerdict::valid) object["id"] = to_json(lint.id);
  object["findings"] = to_json(lint.findings);
  terminal.print_json(object);
}

void print_text(const RecordLint& lint, const Terminal& terminal) {
  bool valid = lint.verdict == TxtVerdict::valid;
  terminal.print(
      fmt::format("verdict  {}", terminal.paint(valid ? Colour::good : Colour::bad, words(lint.verdict))));
  if (valid) terminal.print(fmt::format("id       {}", whole(lint.id)));
  if (lint.verdict == TxtVerdict::none)
    terminal.print("         none of these is an MTA-STS record (\"v=STSv1; id=...\")");
  print_findings(terminal, lint.findings);
}

}  // namespace

int lint_record(const std::vector<std::string>& records, const Terminal& terminal) {
  RecordLint lint = lint_records(records);
  if (terminal.json)
    print_json(lint, terminal);
  else
    print_text(lint, terminal);
  return lint.verdict == TxtVerdict::valid ? exit_ok : exit_no;
}

}  // namespace mtasts
