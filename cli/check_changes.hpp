// check_changes - what has changed between two checks of a domain, for check --watch.
//
// A finding is the same if its code and its place are. Its message is not compared: it may hold days or
// seconds. What could not be looked at this time is not known to be mended.
#pragma once

#include <string_view>
#include <vector>

#include "cli/check_print.hpp"

namespace mtasts {

struct ChangedSeverity {
  Finding finding;  // as it is now
  Severity was;
};

struct CheckChanges {
  bool verdict = false;  // the worst that was found is another, or what happens to mail
  Findings appeared, gone;
  std::vector<ChangedSeverity> severities;
  std::vector<CheckStep> unknown, known;  // steps, as they are now, that became unknown or were so before

  bool any() const noexcept {
    return verdict || !appeared.empty() || !gone.empty() || !severities.empty() || !unknown.empty() ||
           !known.empty();
  }
};

// Findings of before that after lacks, because it could not be learned whether they still hold. That is so if
// their step is unknown, if an unknown step has kept theirs from being looked at, or if the MX records can't
// be looked up. Pure.
Findings still_open(const CheckReport& before, const CheckReport& after);

// before: the report of the last check, with what was still open then. Pure.
CheckChanges changes_between(const CheckReport& before, const CheckReport& after);

// The report of a check that could not be made: each step of before is unknown, for that reason. Pure.
CheckReport nothing_learned(const CheckReport& before, std::string_view why);

}  // namespace mtasts
