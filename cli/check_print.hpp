// check_print - an examination for people, for programs, and for monitoring.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>

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
  const Prediction* prediction = nullptr;  // nullptr: nothing is predicted
};

// The verdict first, then each step, then each finding with the way to mend it.
void print_check(const CheckReport& report, const Terminal& terminal);

// {"domain","verdict","outcome","prediction","findings":[{"code","severity","message","where":{…},"evidence",
// "mend"}…],"steps":[{"step","host","state","seen"}…]}. outcome and prediction are null if nothing is
// predicted. Members of where that do not apply are left out.
boost::json::object check_object(const CheckReport& report);

// "MTA-STS OK: text | findings=0 …", one line of printable ASCII without "|" in its text.
std::string nagios_line(const CheckReport& report, std::chrono::milliseconds took);

}  // namespace mtasts
