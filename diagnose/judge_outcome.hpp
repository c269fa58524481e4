// judge_outcome - holds what was found against what is predicted: mail that waits or is returned is an error,
// or it is not known why; and a policy that is published but not in force is never ok. Pure.
#pragma once

#include <string>
#include <vector>

#include "diagnose/checking.hpp"
#include "diagnose/prediction.hpp"

namespace mtasts {

struct OutcomeFacts {
  Prediction prediction;
  std::string domain{};
  bool null_mx = false;       // mail is returned because the domain says so
  bool enforced = false;      // a policy of mode enforce is in force
  bool published = false;     // one is announced, and the policy host serves it
  bool by_dane = false;       // the reply asks Postfix for DANE instead
  bool undecided = false;     // the reply is TEMP
  std::string why_not_sts{};  // the reason of the decision, for people
};

// Changes steps and findings of a whole check: may raise warnings to errors, and add a finding with its step.
// What rests on a step that is unknown is left alone.
void judge_outcome(const OutcomeFacts& facts, std::vector<CheckStep>& steps, Findings& findings);

}  // namespace mtasts
