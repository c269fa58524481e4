#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "cli/commands.hpp"
#include "cli/explain_live.hpp"
#include "cli/explain_print.hpp"
#include "cli/new_file.hpp"
#include "cli/words.hpp"
#include "core/time_text.hpp"
#include "diagnose/trace_file.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

// A decision that is not a TEMP becomes one if the dialect can't carry it.
int code_of(const Explanation& all) {
  return mail_waits(all) || all.reply().starts_with("TEMP") ? exit_no : exit_ok;
}

int print(const Explanation& all, const ExplainQuestion& question, const Terminal& terminal) {
  if (terminal.json) {
    auto object = explanation_object(all);
    tell(question.next_hop, object);
    terminal.print_json(object);
  } else {
    print_explanation(all, question.replies, terminal);
  }
  return code_of(all);
}

// Files of earlier builds have the next hop as the user wrote it.
bool is_about(const SavedTrace& saved, const DomainArgument& next_hop) {
  auto of_file = read_next_hop(saved.inputs.next_hop);
  return next_hop.domain.empty() || (of_file && of_file->domain == next_hop.domain);
}

std::string counted(const Trace& trace) {
  auto dns =
      std::ranges::count_if(trace, [](const Step& step) { return std::holds_alternative<DnsStep>(step); });
  auto https = std::ssize(trace) - dns;
  return fmt::format("{} DNS answer{}, {} HTTPS answer{}", dns, dns == 1 ? "" : "s", https,
                     https == 1 ? "" : "s");
}

// Reports on standard error, so that standard output is the same with and without --save.
int save(const std::string& file, const Explanation& all, const Terminal& terminal) {
  auto text = write_trace(all.inputs, all.trace);
  if (text.size() > max_trace_file)
    return terminal.trouble("the answers can't be saved: they take more than 16 MiB");
  auto written = write_new_file(file, text);
  if (!written) return terminal.trouble(written.error().detail);
  terminal.err << fmt::format("mtastsctl: {} {}: {}; replay it with --offline\n", whole(file),
                              *written ? "replaced" : "written", counted(all.trace));
  return exit_ok;
}

Result<std::string> read_saved(const std::string& file) {
  auto text = read_file(file, max_trace_file + 1);
  if (!text)
    return fail(Fault::config, fmt::format("{} cannot be read: {}; name a file that --save has written",
                                           printable(file, 300), std::strerror(text.error())));
  return *std::move(text);
}

}  // namespace

int explain(const Config& config, const ExplainQuestion& question, const std::optional<std::string>& save_to,
            const Clock& clock, const Terminal& terminal) {
  if (save_to)
    if (auto possible = try_new_file(*save_to); !possible) return terminal.trouble(possible.error().detail);
  auto all = explain_live(config, question, clock);
  if (!all) return terminal.trouble(whole(all.error().detail));
  int code = print(*all, question, terminal);
  int saved = !save_to ? int{exit_ok} : save(*save_to, *all, terminal);
  return saved == exit_ok ? code : saved;
}

int explain_offline(const std::string& file, const ExplainQuestion& question, const Terminal& terminal) {
  auto text = read_saved(file);
  if (!text) return terminal.trouble(text.error().detail);
  auto saved = read_trace(*text);
  if (!saved)
    return terminal.trouble(
        fmt::format("{} can't be replayed: {}", printable(file, 300), saved.error().detail));
  if (!is_about(*saved, question.next_hop) || (!question.map.empty() && question.map != saved->inputs.map))
    return terminal.trouble(fmt::format("{} is about {} and map {}; leave NEXTHOP and --map out to replay it",
                                        printable(file, 300), whole(saved->inputs.next_hop),
                                        whole(saved->inputs.map)));
  if (!terminal.json)
    terminal.print(
        wrapped(fmt::format("replay of {}, saved at {}", whole(file), utc_text(saved->inputs.now)), 10));
  return print(replay(std::move(saved->inputs), std::move(saved->trace)), question, terminal);
}

}  // namespace mtasts
