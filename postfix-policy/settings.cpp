#include "postfix-policy/settings.hpp"

#include <algorithm>

namespace mtasts {
namespace {

ZoneSettings zone_settings(const PolicyConfig& policy) {
  return {.rules = {.testing_as_enforce = policy.testing_as_enforce},
          .first_fetch_wait = std::min(policy.first_fetch_wait, policy.answer_timeout)};
}

}  // namespace

SettingsPtr make_settings(const Config& config) {
  auto settings = std::make_shared<Settings>();
  settings->main = zone_settings(config.policy);
  for (const auto& [name, policy] : config.zones) settings->zones.emplace(name, zone_settings(policy));
  settings->limits = config.limits;
  return settings;
}

const ZoneSettings* find_zone(const Settings& settings, std::string_view name) noexcept {
  if (name.empty()) return &settings.main;
  auto found = settings.zones.find(name);
  return found == settings.zones.end() ? nullptr : &found->second;
}

}  // namespace mtasts
