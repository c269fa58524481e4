#include "answer/question.hpp"

#include "answer/key.hpp"
#include "conf/service_port.hpp"

namespace mtasts {
namespace {

// nullopt: the key has no port. 0: it has a service name that this system does not know.
std::optional<std::uint16_t> written_port(const NextHop& hop) {
  if (hop.port.empty()) return std::nullopt;
  return service_port(hop.port).value_or(0);
}

}  // namespace

std::expected<Asked, NotAsked> read_question(const Settings& settings, const Health* health,
                                             const Moment& moment, std::string_view map, std::string_view key,
                                             std::string& scratch) {
  auto name = parse_map_name(map);
  const ZoneSettings* zone = name ? find_zone(settings, name->zone) : nullptr;
  if (zone == nullptr) return std::unexpected(NotAsked{.why = NotAsked::Why::unknown_map});
  Key read = read_key(key, scratch);
  const auto* hop = std::get_if<NextHop>(&read.next_hop);
  if (hop == nullptr)
    return std::unexpected(NotAsked{.why = NotAsked::Why::no_domain,
                                    .dialect = name->dialect,
                                    .words = words(read),
                                    .idna_failed = read.idna_failed});
  auto port = written_port(*hop);
  Asked asked{.dialect = name->dialect,
              .map = map,
              .domain = hop->domain,
              .route = {hop->bracketed, port.value_or(zone->default_port)},
              .zone = zone,
              .over = settings.overrides.find(hop->domain, hop->bracketed, port, moment.now),
              .moment = moment,
              .rules = {},
              .in_private_zone = is_private(settings, hop->domain)};
  asked.rules = rules_of(asked, health);
  return asked;
}

ZoneRules rules_of(const Asked& asked, const Health* health) noexcept {
  return rules_for(rules_now(*asked.zone, health, asked.moment.now), asked.dialect, asked.over);
}

ZoneRules rules_for(ZoneRules rules, Dialect dialect, const Override* over) noexcept {
  bool automatic = rules.settings.postfix_dane == PostfixDaneSetting::automatic;
  if (dialect == Dialect::sts && automatic) rules.postfix_dane = PostfixDane::yes;
  return overridden(rules, over);
}

}  // namespace mtasts
