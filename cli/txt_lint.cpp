#include "cli/txt_lint.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"

namespace mtasts {
namespace {

void print_json(TxtLint& lint, const Terminal& terminal) {
  boost::json::object object{{"verdict", to_json(words(lint.verdict))}};
  for (auto& member : lint.members) object.emplace(member.key(), std::move(member.value()));
  object.emplace("findings", to_json(lint.findings));
  terminal.print_json(object);
}

void print_text(const TxtLint& lint, const Terminal& terminal) {
  bool valid = lint.verdict == TxtVerdict::valid;
  terminal.print(
      fmt::format("verdict  {}", terminal.paint(valid ? Colour::good : Colour::bad, words(lint.verdict))));
  for (const auto& [name, value] : lint.lines) terminal.print(fmt::format("{:<9}{}", name, value));
  if (lint.verdict == TxtVerdict::none) terminal.print(fmt::format("         {}", lint.none));
  print_findings(terminal, lint.findings);
}

}  // namespace

int print_txt_lint(TxtLint lint, const Terminal& terminal) {
  if (terminal.json)
    print_json(lint, terminal);
  else
    print_text(lint, terminal);
  return lint.verdict == TxtVerdict::valid ? exit_ok : exit_no;
}

}  // namespace mtasts
