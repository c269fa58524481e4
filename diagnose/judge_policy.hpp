// judge_policy - judges the text of a domain's policy (docs/CHECKS.md, 301 to 327). Pure.
//
// What lint_policy() finds comes with the number and the text of its line. To it are added hints at what the
// owner meant, and what only a check of a live domain can know.
#pragma once

#include <optional>
#include <string>

#include "core/time.hpp"
#include "diagnose/checking.hpp"

namespace mtasts {

// What the cache holds of the domain.
struct CachedPolicyFacts {
  std::string id;
  std::string lines;  // as unpacked_lines() has them. REQUIRES: they are known (left_out_lines: they are not)
  Time expires{};     // when the policy stops holding; 0: not known
};

struct PolicyTextFacts {
  std::string domain;                         // the policy domain
  std::optional<std::string> body{};          // nullopt: none was fetched
  std::string record_id{};                    // of the domain's TXT record; empty: there is no valid one
  std::optional<CachedPolicyFacts> cached{};  // nullopt: nothing usable is cached
};

// One step, "policy"; not asked if there is no body. The modes testing and none are warnings.
Judgement judge_policy(const PolicyTextFacts& facts);

}  // namespace mtasts
