#include "answer/settings.hpp"

#include <algorithm>

#include "conf/services.hpp"

namespace mtasts {
namespace {

Dnssec without_dnssec(OnDnssecDown setting) noexcept {
  switch (setting) {
    case OnDnssecDown::automatic: break;
    case OnDnssecDown::ignore_dane: return Dnssec::ignore_dane;
    case OnDnssecDown::temp: return Dnssec::temp;
  }
  return Dnssec::last_proof_or_temp;
}

// No asker waits longer than answer_timeout.
ZoneSettings bounded(ZoneSettings zone) noexcept {
  zone.first_fetch_wait = std::min(zone.first_fetch_wait, zone.answer_timeout);
  return zone;
}

}  // namespace

SettingsPtr make_settings(const Config& config) {
  system_services();  // reads the file now, so that no answer thread has to
  auto settings = std::make_shared<Settings>();
  settings->main = bounded(config.policy);
  for (const auto& [name, policy] : config.zones) settings->zones.emplace(name, bounded(policy));
  for (const OverrideConfig& each : config.overrides) settings->overrides.add(each.key, each.rule);
  for (const std::string& zone : config.dns.private_zones) {
    if (auto name = DomainName::parse(zone)) settings->private_zones.push_back(*name);
  }
  settings->limits = config.limits;
  return settings;
}

ZoneRules configured_rules(const ZoneSettings& zone) noexcept {
  bool no_dane = zone.postfix_dane == PostfixDaneSetting::no;
  return {.settings = zone, .postfix_dane = no_dane ? PostfixDane::no : PostfixDane::yes};
}

ZoneRules rules_now(const ZoneSettings& zone, const Health* health, Time now) noexcept {
  ZoneRules rules = configured_rules(zone);
  if (zone.postfix_dane == PostfixDaneSetting::automatic) {
    rules.postfix_dane = PostfixDane::unknown;
    if (health && health->postfix_dane)
      rules.postfix_dane = *health->postfix_dane ? PostfixDane::yes : PostfixDane::no;
  }
  if (health && !health->dnssec) {
    rules.dnssec = without_dnssec(zone.on_dnssec_down);
    bool long_enough = !health->dnssec_worked || now - health->dnssec_down_since >= unproved_wait;
    if (rules.dnssec == Dnssec::last_proof_or_temp && long_enough) rules.dnssec = Dnssec::last_proof_or_sts;
    rules.dnssec_detail = health->dnssec_detail;
  }
  return rules;
}

std::chrono::milliseconds within(std::chrono::milliseconds wait) noexcept {
  return wait - std::min(wait / 8, std::chrono::milliseconds(500));
}

DaneLookupOptions dane_lookup_options(const Config& config) noexcept {
  DaneLookupOptions options{config.policy.mx_hosts, within(config.policy.answer_timeout)};
  for (const auto& [name, zone] : config.zones) {
    options.mx_hosts = std::max(options.mx_hosts, zone.mx_hosts);
    options.limit = std::min(options.limit, within(zone.answer_timeout));
  }
  return options;
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
