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
  bool dnssec = true;          // validation works (also before the first self-test)
  std::string dnssec_detail;   // why not, in words an administrator can act on; or a warning while it works
  std::string way;             // one line: who resolves, and why ("recursion: the root's keys validate")
  bool postfix_asked = false;  // some postfix_dane is "auto"
  std::optional<bool> postfix_dane;  // AD seen through Postfix's own resolvers; nullopt: not known yet
  bool postfix_answered = true;      // false: none of those resolvers answers, so postfix_dane is a guess
  std::string postfix_detail;        // one line: which resolvers were asked and what they said
};
using HealthPtr = std::shared_ptr<const Health>;

}  // namespace mtasts
