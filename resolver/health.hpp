// health - what the daemon knows about its surroundings: whether DNSSEC validation works, which way names are
// resolved, and whether the Postfix that asks does DANE itself. Immutable; a new one is posted to every
// thread.
//
// It counts only for a domain whose own lookup decides nothing; it never counts against an answer that
// validates.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace mtasts {

struct Health {
  Time checked_at{};        // of the last DNSSEC check; Time{}: none is done yet
  bool dns_answers = true;  // false: no way answers now, and dnssec keeps its value
  std::string dns_detail;   // why not, in words an administrator can act on
  bool dnssec = true;  // false: wrong answers come, and no way validates; silence alone does not change it
  bool dnssec_worked = false;  // it has worked on this host once, maybe before a restart
  Time dnssec_down_since{};    // the start of the outage; Time{}: there is none
  std::string dnssec_detail;   // why not, as dns_detail; or a warning while it works
  std::string way;             // one line: who resolves, and why ("recursion: the root's keys validate")
  bool postfix_asked = false;  // some postfix_dane is "auto"
  // Whether Postfix's own resolvers show AD; nullopt: not known yet. After a yes, a no counts only when every
  // check of 24 hours has said so.
  std::optional<bool> postfix_dane;
  bool postfix_doubtful = false;  // they say no now, but the earlier yes still counts
  bool postfix_answered = true;   // false: none of them answers now
  std::string postfix_detail;     // one line: which resolvers were asked and what they said
};
using HealthPtr = std::shared_ptr<const Health>;

}  // namespace mtasts
