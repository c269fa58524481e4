// health - what the daemon knows about its own surroundings: does DNSSEC validation work, which way are names
// resolved, and does the Postfix that asks do DANE itself. Immutable; a new one is posted to every thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace mtasts {

struct Health {
  Time checked_at{};           // of the last self-test; Time{}: none is done yet
  bool dns_answers = true;     // false: nobody does now, and dnssec is as it was before
  std::string dns_detail;      // why not, in words an administrator can act on
  bool dnssec = true;          // validation works, or nothing was ever found out about it
  std::string dnssec_detail;   // why not, as dns_detail; or a warning while it works
  std::string way;             // one line: who resolves, and why ("recursion: the root's keys validate")
  bool postfix_asked = false;  // some postfix_dane is "auto"
  // AD seen through Postfix's own resolvers, when they answered last; nullopt: not known yet.
  std::optional<bool> postfix_dane;
  bool postfix_answered = true;  // false: none of them answers now; if none ever did, postfix_dane is a guess
  std::string postfix_detail;    // one line: which resolvers were asked and what they said
};
using HealthPtr = std::shared_ptr<const Health>;

}  // namespace mtasts
