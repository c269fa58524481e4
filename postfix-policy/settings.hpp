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

namespace mtasts {

struct ZoneSettings {
  ZoneRules rules;
  std::chrono::milliseconds first_fetch_wait{5000};
};

struct Settings {
  ZoneSettings main;
  std::map<std::string, ZoneSettings, std::less<>> zones;
  std::vector<DomainName> private_zones;  // next hops in or below these have no policy ([dns] private)
  LimitsConfig limits;
};

using SettingsPtr = std::shared_ptr<const Settings>;

SettingsPtr make_settings(const Config& config);

bool is_private(const Settings& settings, const DomainName& domain) noexcept;

// nullptr: no such zone. "" is the main one.
const ZoneSettings* find_zone(const Settings& settings, std::string_view name) noexcept;

}  // namespace mtasts
