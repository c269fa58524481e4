// settings - what the answer threads need from the configuration, immutable. A reload makes a new one and
// posts it to every thread; nobody waits for anybody.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/map_name.hpp"
#include "core/override.hpp"
#include "core/zone_settings.hpp"
#include "lookup/dane_lookup.hpp"
#include "resolver/health.hpp"

namespace mtasts {

struct Settings {
  ZoneSettings main;  // here and in zones, first_fetch_wait is at most answer_timeout
  std::map<std::string, ZoneSettings, std::less<>> zones;
  Overrides overrides;
  std::vector<DomainName> private_zones;  // next hops in or below these have no policy ([dns] private)
  LimitsConfig limits;
};

using SettingsPtr = std::shared_ptr<const Settings>;

SettingsPtr make_settings(const Config& config);

// The rules of a zone before anything is known about this host: a Postfix that does DANE unless the file says
// "no", and DNSSEC that works.
ZoneRules configured_rules(const ZoneSettings& zone) noexcept;

// The rules of a zone as they are now. health: nullptr before the first DNSSEC check. The rules live as long
// as it. With on_dnssec_down = "auto" mail to a domain of which nothing was ever proved waits for the first
// hour of an outage, and not at all on a host where DNSSEC never worked.
ZoneRules rules_now(const ZoneSettings& zone, const Health* health, Time now) noexcept;
inline constexpr std::chrono::hours unproved_wait{1};

// As many MX hosts as any zone wants looked at, and ready before any zone's answer_timeout.
DaneLookupOptions dane_lookup_options(const Config& config) noexcept;

// A little less than a whole wait, so that what is known by then is answered within it.
std::chrono::milliseconds within(std::chrono::milliseconds wait) noexcept;

bool is_private(const Settings& settings, const DomainName& domain) noexcept;

// nullptr: no such zone. "" is the main one.
const ZoneSettings* find_zone(const Settings& settings, std::string_view name) noexcept;

}  // namespace mtasts
