// Input: two octets for a limit, then a file of `mtastsctl explain --save` or `check --save`. Properties: a
// refusal has printable words; what is read can be written and read again unchanged; a check's trace can be
// shortened to any limit, is then still read, and is shortened no further by the same limit; a replay finds
// each of its steps and adds none; whatever it says can be judged, and its copy is judged alike.

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "core/text.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/run_to_end.hpp"
#include "diagnose/trace_file.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_printable(c) || c == '\n'; });
}

SavedTrace read_again(const std::string& text) {
  require(is_plain(text), "a saved trace is ASCII");
  auto again = read_trace(text);
  require(again.has_value(), "what is written can be read");
  require(write_trace(*again) == text, "written and read again the same");
  return *std::move(again);
}

void check_shortening(const CheckInputs& inputs, Trace trace, std::size_t most) {
  fit_trace(inputs, trace, most);
  std::string text = write_trace(inputs, trace);
  require(text.size() <= most || trace.empty(), "the limit is kept");
  read_again(text);
  fit_trace(inputs, trace, most);
  require(write_trace(inputs, trace) == text, "shortened once");
}

void check_replay(Trace trace) {
  const Trace before = trace;
  boost::asio::io_context loop;
  ReplaySmtp smtp(trace);
  for (const Step& step : before)
    if (const auto* asked = std::get_if<SmtpStep>(&step))
      require(run_to_end(loop, smtp.talk(asked->request)) == find_smtp(before, asked->request)->dialogue,
              "a dialogue is found");
  require(trace.size() == before.size(), "nothing is missing");
}

std::string words_of(const Examination& all) {
  std::string text = all.prediction.reason;
  for (const CheckStep& step : all.steps)
    text.append(1, '\n').append(step.step).append(words(step.state)).append(step.words);
  for (const Finding& each : all.findings) text.append(1, '\n').append(each.code).append(each.message);
  return text;
}

void check_judgements(const SavedTrace& saved, const SavedTrace& again) {
  std::string text = words_of(examine(*saved.check, saved.trace));
  require(is_plain(text), "findings are printable");
  require(words_of(examine(*again.check, again.trace)) == text, "the copy is judged alike");
  live_hosts(*saved.check, saved.trace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::size_t most = 256u * data[0] + data[1];
  auto saved = read_trace(fuzz::text_of(data + 2, size - 2));
  if (!saved) {
    const Error& error = saved.error();
    require(error.fault == Fault::syntax && !error.detail.empty() && is_plain(error.detail),
            "refused in words");
    return 0;
  }
  SavedTrace again = read_again(write_trace(*saved));
  require(again.trace.size() == saved->trace.size(), "no step is lost");
  if (again.check) check_judgements(*saved, again);
  if (again.check) check_shortening(*again.check, again.trace, most);
  check_replay(std::move(again.trace));
  return 0;
}
