#include "resolver/health_plan.hpp"

#include <algorithm>

#include "resolver/network.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

bool asks_postfix(const ZoneSettings& zone) { return zone.postfix_dane == PostfixDaneSetting::automatic; }

bool asks_postfix(const Config& config) {
  return asks_postfix(config.policy) ||
         std::ranges::any_of(config.zones, [](const auto& zone) { return asks_postfix(zone.second); });
}

}  // namespace

HealthPlan make_health_plan(asio::io_context& loop, const Config& config, std::shared_ptr<Dns> ready,
                            Resolvers made_for) {
  HealthPlan plan{.anchor = trust_anchor(config.dns),
                  .ready = ready,
                  .first = first_way(config.dns),
                  .make = make_dns(loop, config.dns, config.dns.forward_auto ? ready : nullptr),
                  .ways = [dns = config.dns](const Resolvers& system) { return ways_to_try(dns, system); },
                  .resolvers = system_resolvers,
                  .made_for = std::move(made_for),
                  .private_zones = !config.dns.private_zones.empty(),
                  .ask_postfix = asks_postfix(config),
                  .postfix_resolvers = {}};
  plan.postfix_resolvers = [sockets = config.listen.socketmap] { return postfix_resolvers(sockets); };
  return plan;
}

}  // namespace mtasts
