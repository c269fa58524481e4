// question - what a request asks, read in one place: by the daemon, by mtastsctl explain and show, and when a
// saved trace is replayed.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "answer/settings.hpp"
#include "core/map_name.hpp"
#include "core/moment.hpp"
#include "resolver/health.hpp"

namespace mtasts {

// A next hop and all that its answer is decided by, beside what is known about the domain.
struct Asked {
  Dialect dialect = Dialect::postfix;
  std::string_view map;  // as asked, for the log; lives as long as the request does
  DomainName domain;     // the policy domain
  Route route;
  const ZoneSettings* zone = nullptr;  // these two live as long as the settings
  const Override* over = nullptr;      // in force at the moment; nullptr: none
  Moment moment{};
  ZoneRules
      rules;  // of the zone, for this dialect, with what the override changes; live as long as the health
  bool in_private_zone = false;  // [dns] private: answered as without a policy
};

// Why a request is about no policy domain.
struct NotAsked {
  enum class Why {
    unknown_map,  // an unknown dialect or zone: answer PERM, since NOTFOUND would switch protection off on a
                  // typo
    no_domain,    // the key has no policy domain: answer NOTFOUND
  };
  Why why;
  Dialect dialect = Dialect::postfix;  // of no_domain
  std::string_view words{};            // of no_domain: why it has none
  bool idna_failed = false;            // it looks like a name with U-labels: worth a warning
};

// map: "postfix/lab". key: as Postfix sends it. health: nullptr before the first health check. scratch holds
// the converted key if it has U-labels.
std::expected<Asked, NotAsked> read_question(const Settings& settings, const Health* health,
                                             const Moment& moment, std::string_view map, std::string_view key,
                                             std::string& scratch);

// The rules of a zone as they are now, for a question about it. Of Asked::rules; again when an answer that
// was waited for is ready, since the health may have changed.
ZoneRules rules_of(const Asked& asked, const Health* health) noexcept;

// The same from rules that were noted before (a saved trace). With postfix_dane = "auto" sendmail does DANE
// itself, whatever Postfix does; a "yes" or "no" holds for it too.
ZoneRules rules_for(ZoneRules rules, Dialect dialect, const Override* over) noexcept;

}  // namespace mtasts
