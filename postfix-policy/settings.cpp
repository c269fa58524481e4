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
  for (const std::string& zone : config.dns.private_zones) {
    if (auto name = DomainName::parse(zone)) settings->private_zones.push_back(*name);
  }
  settings->limits = config.limits;
  return settings;
}

bool is_private(const Settings& settings, const DomainName& domain) noexcept {
  return std::ranges::any_of(settings.private_zones, [&](const DomainName& zone) {
    std::string_view name = domain.str(), end = zone.str();
    if (!name.ends_with(end)) return false;
    return name.size() == end.size() || name[name.size() - end.size() - 1] == '.';
  });
}

const ZoneSettings* find_zone(const Settings& settings, std::string_view name) noexcept {
  if (name.empty()) return &settings.main;
  auto found = settings.zones.find(name);
  return found == settings.zones.end() ? nullptr : &found->second;
}

}  // namespace mtasts
