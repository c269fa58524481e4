// txt_lint - prints what lint found in a set of TXT records, of whatever kind.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/terminal.hpp"
#include "core/sts_record.hpp"

namespace mtasts {

struct TxtLint {
  using Line = std::pair<std::string_view, std::string>;

  TxtVerdict verdict{};
  boost::json::object members{};  // of the JSON, between verdict and findings
  std::vector<Line> lines{};      // of the text: a name and a value, printable
  std::string_view none{};        // the text if there is no such record
  Findings findings{};
};

// Returns the exit status of lint.
int print_txt_lint(TxtLint lint, const Terminal& terminal);

}  // namespace mtasts
