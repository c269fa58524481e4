#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/commands.hpp"
#include "core/tlsrpt.hpp"

namespace mtasts {
namespace {

void print_json(const TlsRptLint& lint, const Terminal& terminal) {
  boost::json::array uris;
  for (const std::string& uri : lint.uris) uris.push_back(to_json(uri));
  terminal.print_json(boost::json::object{{"verdict", to_json(words(lint.verdict))},
                                          {"rua", std::move(uris)},
                                          {"findings", to_json(lint.findings)}});
}

void print_text(const TlsRptLint& lint, const Terminal& terminal) {
  bool valid = lint.verdict == TxtVerdict::valid;
  terminal.print(
      fmt::format("verdict  {}", terminal.paint(valid ? Colour::good : Colour::bad, words(lint.verdict))));
  for (const std::string& uri : lint.uris) terminal.print(fmt::format("rua      {}", whole(uri)));
  if (lint.verdict == TxtVerdict::none)
    terminal.print("         none of these is a TLSRPT record (\"v=TLSRPTv1; rua=...\")");
  print_findings(terminal, lint.findings);
}

}  // namespace

int lint_tlsrpt_text(const std::vector<std::string>& records, const Terminal& terminal) {
  TlsRptLint lint = lint_tlsrpt(records);
  if (terminal.json)
    print_json(lint, terminal);
  else
    print_text(lint, terminal);
  return lint.verdict == TxtVerdict::valid ? exit_ok : exit_no;
}

}  // namespace mtasts
