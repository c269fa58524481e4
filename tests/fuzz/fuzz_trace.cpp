// Input: a file of `mtastsctl explain --save` or `check --save`. Properties: a refusal has printable words;
// what is read can be written and read again unchanged; its replay ends, is the same each time, puts nothing
// but printable ASCII on a terminal, and saves what it read.

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

enum class Form { text, with_replies, json };

std::string printed(const SavedTrace& saved, Form form) {
  std::ostringstream out, err;
  Terminal terminal{out, err, form == Form::json};
  Explanation all = replay(saved.inputs, saved.trace);
  require(all.trace.size() >= saved.trace.size(), "a replay only adds to its trace");
  if (form == Form::json)
    terminal.print_json(explanation_object(all));
  else
    print_explanation(all, form == Form::with_replies, terminal);
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
  const std::string canonical = write_trace(*saved);
  require(is_plain(canonical), "a saved trace is ASCII");
  auto again = read_trace(canonical);
  require(again && write_trace(*again) == canonical, "written and read again the same");
  for (Form form : {Form::text, Form::with_replies, Form::json}) {
    const std::string text = printed(*saved, form);
    require(is_plain(text), "nothing of a file reaches a terminal raw");
    require(printed(*again, form) == text, "a replay is the same each time");
  }
  return 0;
}
