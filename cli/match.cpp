#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "core/mx_pattern.hpp"
#include "idn/to_a_labels.hpp"

namespace mtasts {
namespace {

// U-labels in a pattern are an error in the policy (RFC 8461 §3.2), so they are reported, not converted.
std::string bad_pattern(std::string_view pattern) {
  auto ascii = has_u_labels(pattern) ? to_a_labels(pattern) : std::nullopt;
  return ascii ? fmt::format("\"{}\" is not an mx pattern: a policy must use A-labels, here {}",
                             printable(pattern), printable(*ascii))
               : fmt::format("\"{}\" is not an mx pattern: write a host name, or \"*.\" and a host name",
                             printable(pattern));
}

}  // namespace

int match(std::string_view pattern_text, std::string_view host_text, const Terminal& terminal) {
  auto pattern = MxPattern::parse(pattern_text);
  auto host = host_argument(host_text);
  Findings findings;
  if (!pattern && is_numeric_mx(pattern_text)) {
    findings.push_back({"mx-address", Severity::warning,
                        fmt::format("\"{}\" looks like an IP address and matches no host", pattern_text)});
  } else if (!pattern) {
    findings.push_back({"bad-pattern", Severity::error, bad_pattern(pattern_text)});
  }
  if (!host) findings.push_back({"bad-host", Severity::error, host.error().detail});
  bool matches = pattern && host && pattern->matches(*host);
  if (terminal.json) {
    boost::json::object object{{"match", matches}};
    if (!findings.empty()) object["findings"] = to_json(findings);
    terminal.print_json(object);
  } else {
    terminal.print(terminal.paint(matches ? Colour::good : Colour::bad, matches ? "match" : "no match"));
    print_findings(terminal, findings);
  }
  return matches ? exit_ok : exit_no;
}

}  // namespace mtasts
