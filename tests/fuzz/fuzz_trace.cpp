// Input: a file of `mtastsctl explain --save`. Properties: a refusal has printable words; what is read
// can be written and read again unchanged; its replay ends, is the same each time, puts nothing but
// printable ASCII on a terminal, and saves what it read.

#include <algorithm>
#include <sstream>

#include "cli/explain_print.hpp"
#include "core/text.hpp"
#include "diagnose/trace_file.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_printable(c) || c == '\n'; });
}

std::string printed(const SavedTrace& saved, bool json) {
  std::ostringstream out, err;
  Terminal terminal{out, err, json};
  Explanation all = replay(saved.inputs, saved.trace);
  require(all.trace.size() >= saved.trace.size(), "a replay only adds to its trace");
  if (json)
    terminal.print_json(explanation_object(all));
  else
    print_explanation(all, terminal);
  return out.str();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto saved = read_trace(fuzz::text_of(data, size));
  if (!saved) {
    const Error& error = saved.error();
    require(error.fault == Fault::syntax && !error.detail.empty() && is_plain(error.detail),
            "refused in words");
    return 0;
  }
  const std::string canonical = write_trace(saved->inputs, saved->trace);
  require(is_plain(canonical), "a saved trace is ASCII");
  auto again = read_trace(canonical);
  require(again && write_trace(again->inputs, again->trace) == canonical, "written and read again the same");
  for (bool json : {false, true}) {
    const std::string text = printed(*saved, json);
    require(is_plain(text), "nothing of a file reaches a terminal raw");
    require(printed(*again, json) == text, "a replay is the same each time");
  }
  return 0;
}
