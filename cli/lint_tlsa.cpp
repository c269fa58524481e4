#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "cli/commands.hpp"
#include "core/tlsa_lint.hpp"

namespace mtasts {

int lint_tlsa_text(const std::vector<std::string>& words_of_record, const Terminal& terminal) {
  auto lint = lint_tlsa(fmt::format("{}", fmt::join(words_of_record, " ")));
  if (terminal.json) {
    terminal.print_json(boost::json::object{{"usable", lint.usable}, {"findings", to_json(lint.findings)}});
  } else {
    auto verdict =
        lint.usable ? terminal.paint(Colour::good, "usable") : terminal.paint(Colour::bad, "unusable");
    terminal.print(fmt::format("TLSA     {}", verdict));
    print_findings(terminal, lint.findings);
  }
  return lint.usable ? exit_ok : exit_no;
}

}  // namespace mtasts
