#include "answer/settings.hpp"

#include <algorithm>

#include "conf/services.hpp"

namespace mtasts {
namespace {

Dnssec without_dnssec(std::string_view word) noexcept {
  if (word == "temp") return Dnssec::temp;
  return word == "ignore-dane" ? Dnssec::ignore_dane : Dnssec::last_proof_or_temp;
}

ZoneSettings zone_settings(const PolicyConfig& policy) {
  ZoneSettings zone;
  zone.rules.testing_as_enforce = policy.testing_as_enforce;
  zone.rules.dane = policy.dane;
  zone.rules.postfix_dane = policy.postfix_dane == "no" ? PostfixDane::no : PostfixDane::yes;
  zone.rules.partial_dane_only = policy.partial_dane == "dane-only";
  zone.rules.mx_hosts = policy.mx_hosts;
  zone.postfix_dane_auto = policy.postfix_dane == "auto";
  zone.without_dnssec = without_dnssec(policy.on_dnssec_down);
  zone.default_port = policy.default_port;
  zone.first_fetch_wait = std::min(policy.first_fetch_wait, policy.answer_timeout);
  zone.answer_timeout = policy.answer_timeout;
  return zone;
}

}  // namespace

SettingsPtr make_settings(const Config& config) {
  system_services();  // read here, off the answer threads
  auto settings = std::make_shared<Settings>();
  settings->main = zone_settings(config.policy);
  for (const auto& [name, policy] : config.zones) settings->zones.emplace(name, zone_settings(policy));
  for (const OverrideConfig& each : config.overrides) settings->overrides.add(each.key, each.rule);
  for (const std::string& zone : config.dns.private_zones) {
    if (auto name = DomainName::parse(zone)) settings->private_zones.push_back(*name);
  }
  settings->limits = config.limits;
  return settings;
}

ZoneRules rules_now(const ZoneSettings& zone, const Health* health, Time now) noexcept {
  ZoneRules rules = zone.rules;
  if (zone.postfix_dane_auto) {
    rules.postfix_dane = PostfixDane::unknown;
    if (health && health->postfix_dane)
      rules.postfix_dane = *health->postfix_dane ? PostfixDane::yes : PostfixDane::no;
  }
  if (health && !health->dnssec) {
    rules.dnssec = zone.without_dnssec;
    bool long_enough = !health->dnssec_worked || now - health->dnssec_down_since >= unproved_wait;
    if (rules.dnssec == Dnssec::last_proof_or_temp && long_enough) rules.dnssec = Dnssec::last_proof_or_sts;
    rules.dnssec_detail = health->dnssec_detail;
  }
  return rules;
}

std::chrono::milliseconds within(std::chrono::milliseconds wait) noexcept {
  return wait - std::min(wait / 8, std::chrono::milliseconds(500));
}

DaneLookOptions dane_look_options(const Config& config) noexcept {
  DaneLookOptions options{config.policy.mx_hosts, within(config.policy.answer_timeout)};
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
