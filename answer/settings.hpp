// settings - what the answer threads need from the configuration. Immutable: a reload makes a new object and
// posts it to every thread, so that no thread waits for another.
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

// Also reads the system's list of services, which may block.
SettingsPtr make_settings(const Config& config);

// The rules of a zone before anything is known about this host: Postfix does DANE unless the zone says
// postfix_dane = "no", and DNSSEC works.
ZoneRules configured_rules(const ZoneSettings& zone) noexcept;

// The rules of a zone as they are now. health: nullptr before the first DNSSEC check; views in the rules live
// as long as it. With on_dnssec_down = "auto", mail to a domain about which nothing was ever proved waits
// during the first hour of an outage (unproved_wait). On a host where DNSSEC never worked it does not wait.
ZoneRules rules_now(const ZoneSettings& zone, const Health* health, Time now) noexcept;
inline constexpr std::chrono::hours unproved_wait{1};

// One DANE lookup serves all zones: it takes the largest mx_hosts of any zone, and a limit within the
// shortest answer_timeout.
DaneLookupOptions dane_lookup_options(const Config& config) noexcept;

// A little less than wait: an eighth less, at most 500 ms. A lookup that ends then leaves time to answer.
std::chrono::milliseconds within(std::chrono::milliseconds wait) noexcept;

// Whether the domain is in or below one of private_zones.
bool is_private(const Settings& settings, const DomainName& domain) noexcept;

// "" is the main zone. nullptr: there is no such zone. The result lives as long as settings.
const ZoneSettings* find_zone(const Settings& settings, std::string_view name) noexcept;

}  // namespace mtasts
