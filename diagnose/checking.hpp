// checking - what a check of a domain or a server consists of, as values (mtastsctl check, smtp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

// What a check is judged by, beside what the network answers.
struct CheckInputs {
  ExplainInputs explain;        // the domain, and how the daemon decides about it
  unsigned warn_days = 14;      // a certificate that expires sooner is a warning
  std::string postfix_version;  // whose behaviour is predicted: "3.10"; empty: not known
  std::string ehlo;             // our name in EHLO; empty: the system's
  std::string given;            // the user's text, as judge_input() takes it; empty: it was the domain
};

// A step is unknown if what it takes could not be learned from here. That is neither a fault nor a pass.
enum class StepState : std::uint8_t { ok, found, unknown, not_asked };

constexpr std::string_view words(StepState state) noexcept {
  switch (state) {
    case StepState::ok: return "ok";
    case StepState::found: return "found";
    case StepState::unknown: return "unknown";
    case StepState::not_asked: return "not-asked";
  }
  return {};
}

struct CheckStep {
  std::string_view step;  // as in Where::step
  std::string host{};     // for steps that are done for each host
  StepState state = StepState::not_asked;
  std::string words{};  // what was seen, one line: "v=STSv1; id=1", "2 MX hosts"; printable ASCII
};

// Whether one of the findings from there on is more than a remark. Only warnings and errors make a step
// "found".
inline bool any_fault(const Findings& findings, std::size_t from = 0) noexcept {
  return std::any_of(findings.begin() + static_cast<std::ptrdiff_t>(std::min(from, findings.size())),
                     findings.end(), [](const Finding& each) { return each.severity != Severity::info; });
}

// What one judgement adds.
struct Judgement {
  std::vector<CheckStep> steps;
  Findings findings;
};

}  // namespace mtasts
