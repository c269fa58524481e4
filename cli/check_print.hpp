// check_print - an examination for people, for programs, and for monitoring.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"
#include "diagnose/examine.hpp"

namespace mtasts {

enum CheckExit : int { check_ok = 0, check_warning = 1, check_error = 2, check_unknown = 3 };

int check_exit(Overall overall) noexcept;

// What a check found, whatever it was about.
struct CheckReport {
  std::string subject;  // the domain, or the server
  std::vector<CheckStep> steps;
  Findings findings;
  Overall overall = Overall::unknown;
  std::optional<Prediction> prediction;
  std::string why_temp{};              // why mtastsd answers TEMP; empty: it does not
  std::vector<SenderOutcome> senders;  // of a domain
  std::optional<long> days_left;       // until the first certificate expires; nullopt: none was seen
  std::chrono::milliseconds took{0};
  bool understood = false;  // the subject is not the text that the user wrote
};

// The verdict first, then each step, then each finding with the way to mend it. brief: the verdict, then the
// errors and warnings, and nothing else.
void print_check(const CheckReport& report, const Terminal& terminal, bool brief = false);
// Parts of it: the verdict, a step, and a finding as in the long form. before: what stands before the
// finding's severity, with a blank at its end.
void print_verdict(const CheckReport& report, const Terminal& terminal, bool brief = false);
void print_step(const CheckStep& step, const Terminal& terminal);
void print_finding(const Finding& finding, const Terminal& terminal, std::string_view before = {});

// {"domain","verdict","outcome","in_clear","prediction","findings":[{"code","severity","message","where":{…},"evidence",
// "mend"}…],"steps":[{"step","host","state","seen"}…],"senders":[{"kind","outcome","prediction"}…]}. outcome,
// in_clear and prediction are null if nothing is predicted; then there are no senders. Members of where that
// do not apply are left out. "understood_as" is there if the subject is not what was written.
boost::json::object check_object(const CheckReport& report);
// A finding and a step as they are there.
boost::json::object finding_object(const Finding& finding);
boost::json::object step_object(const CheckStep& step);

// "MTA-STS OK: text | errors=0 warnings=0 mx_good=1 mx_bad=0 days=29 seconds=0.214": one line of printable
// ASCII, without "|" in its text. days is left out if no certificate was seen.
std::string nagios_line(const CheckReport& report);
// The same for a check that could not be made.
std::string nagios_unknown(std::string_view why);

}  // namespace mtasts
