#include "setup/settings.hpp"

#include <algorithm>

#include "conf/service_port.hpp"

namespace mtasts {
namespace {

ZoneSettings zone_settings(const PolicyConfig& policy) {
  ZoneSettings zone;
  zone.rules.testing_as_enforce = policy.testing_as_enforce;
  zone.rules.dane = policy.dane;
  zone.rules.postfix_dane = policy.postfix_dane == "no" ? PostfixDane::no : PostfixDane::yes;
  zone.rules.partial_dane_only = policy.partial_dane == "dane-only";
  zone.rules.mx_hosts = policy.mx_hosts;
  zone.postfix_dane_auto = policy.postfix_dane == "auto";
  zone.temp_without_dnssec = policy.on_dnssec_down == "temp";
  zone.default_port = policy.default_port;
  zone.first_fetch_wait = std::min(policy.first_fetch_wait, policy.answer_timeout);
  zone.answer_timeout = policy.answer_timeout;
  return zone;
}

}  // namespace

SettingsPtr make_settings(const Config& config) {
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

ZoneRules rules_now(const ZoneSettings& zone, const Health* health) noexcept {
  ZoneRules rules = zone.rules;
  if (zone.postfix_dane_auto) {
    rules.postfix_dane = PostfixDane::unknown;
    if (health && health->postfix_dane)
      rules.postfix_dane = *health->postfix_dane ? PostfixDane::yes : PostfixDane::no;
  }
  if (health && !health->dnssec) {
    rules.dnssec = zone.temp_without_dnssec ? Dnssec::temp : Dnssec::ignore_dane;
    rules.dnssec_detail = health->dnssec_detail;
  }
  return rules;
}

unsigned most_mx_hosts(const Config& config) noexcept {
  unsigned most = config.policy.mx_hosts;
  for (const auto& [name, zone] : config.zones) most = std::max(most, zone.mx_hosts);
  return most;
}

std::string_view without_policy(const Settings& settings, const DomainName& domain) noexcept {
  constexpr std::size_t label = std::string_view("_mta-sts.").size();
  if (domain.str().size() + label > DomainName::max_size) return "too long a name for an _mta-sts record";
  return is_private(settings, domain) ? "in a zone of [dns] private" : "";
}

std::optional<std::uint16_t> written_port(std::string_view port) noexcept {
  if (port.empty()) return std::nullopt;
  return service_port(port).value_or(0);
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
