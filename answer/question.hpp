// question - reads what a request asks. The daemon, `mtastsctl explain` and `show`, and the replay of a saved
// trace all use this code, so that they cannot disagree.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "answer/settings.hpp"
#include "core/map_name.hpp"
#include "core/moment.hpp"
#include "resolver/health.hpp"

namespace mtasts {

// A next hop, and everything that decides its answer except what is known about the domain.
struct Asked {
  Dialect dialect = Dialect::postfix;
  std::string_view map;  // as asked, for the log; lives as long as the request
  DomainName domain;     // the policy domain
  Route route;
  const ZoneSettings* zone = nullptr;  // lives as long as the settings
  const Override* over = nullptr;      // in force at the moment, lives as long as the settings; nullptr: none
  Moment moment{};
  // Of the zone, for this dialect, changed by the override. Its views live as long as the health.
  ZoneRules rules;
  bool in_private_zone = false;  // listed in [dns] private: answer as if it had no policy
};

// Why a request does not ask about a policy domain.
struct NotAsked {
  enum class Why {
    // The dialect or the zone is unknown: answer PERM. NOTFOUND would let a typo switch protection off.
    unknown_map,
    no_domain,  // the key has no policy domain: answer NOTFOUND
  };
  Why why;
  Dialect dialect = Dialect::postfix;  // set with no_domain
  std::string_view words{};            // set with no_domain: why the key has no policy domain
  bool idna_failed = false;  // the key has U-labels that cannot be converted; the caller should log a warning
};

// map: the map name, for example "postfix/lab". key: as Postfix sends it. health: nullptr before the first
// health check. scratch receives the converted key if it has U-labels. Views in the result live as long as
// settings, health, map, key and scratch.
std::expected<Asked, NotAsked> read_question(const Settings& settings, const Health* health,
                                             const Moment& moment, std::string_view map, std::string_view key,
                                             std::string& scratch);

// The rules for a question as they are now. read_question() has put them into Asked::rules. Call this again
// when an asker has waited for its answer, because the health may have changed meanwhile.
ZoneRules rules_of(const Asked& asked, const Health* health) noexcept;

// The same, from rules that were noted before, as in a saved trace. With postfix_dane = "auto" the dialect
// `sts` (sendmail) counts as doing DANE, whatever Postfix does; "yes" or "no" applies to it too.
ZoneRules rules_for(ZoneRules rules, Dialect dialect, const Override* over) noexcept;

}  // namespace mtasts
