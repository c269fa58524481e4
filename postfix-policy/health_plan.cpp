#include "postfix-policy/health_plan.hpp"

#include <algorithm>
#include <utility>

#include "conf/resolv_conf.hpp"
#include "core/dnskey.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

std::string way_in_words(const DnsConfig& config) {
  if (config.forward.empty()) return "recursion, as configured";
  std::string text;
  for (const std::string& each : config.forward) text += (text.empty() ? "resolvers " : ", ") + each;
  return text + ", as configured";
}

bool asks_postfix(const PolicyConfig& policy) { return policy.postfix_dane == "auto"; }

bool asks_postfix(const Config& config) {
  return asks_postfix(config.policy) ||
         std::ranges::any_of(config.zones, [](const auto& zone) { return asks_postfix(zone.second); });
}

// The first call for a recursive Dns gets the one that is ready; later ones are new, without a cache. The
// function is copied for each trial: what is still ready is shared between the copies.
MakeDns make_dns(asio::io_context& loop, const DnsConfig& config, std::shared_ptr<Dns> first) {
  auto ready = std::make_shared<std::shared_ptr<Dns>>(std::move(first));
  return [&loop, config, ready](Way way, const Resolvers& resolvers) {
    Result<std::shared_ptr<Dns>> made;
    if (*ready && way == Way::recursion) {
      made = std::exchange(*ready, nullptr);
      return made;
    }
    auto dns = make_unbound_dns(loop, unbound_options(config, way, resolvers));
    if (dns) {
      made = std::shared_ptr<Dns>(*std::move(dns));
    } else {
      made = std::unexpected(std::move(dns.error()));
    }
    return made;
  };
}

}  // namespace

UnboundOptions unbound_options(const DnsConfig& config, Way way, const Resolvers& resolvers) {
  UnboundOptions options;
  if (way == Way::configured) options.forward = config.forward;
  if (way == Way::resolvers || way == Way::unvalidated) options.forward = resolvers;
  options.root_hints = config.root_hints;
  options.trust_anchor = config.trust_anchor;
  options.validate = way != Way::unvalidated;
  options.private_zones = config.private_zones;
  options.private_servers = resolvers;
  options.timeout = config.timeout;
  return options;
}

Resolvers system_resolvers() {
  Resolvers resolvers;
  for (const Nameserver& each : parse_resolv_conf(text_of_file("/etc/resolv.conf")))
    resolvers.push_back(to_string(each));
  return resolvers;
}

HealthPlan make_health_plan(asio::io_context& loop, const Config& config, std::shared_ptr<Dns> ready,
                            Resolvers made_for) {
  bool choose = config.dns.forward_auto;
  HealthPlan plan{
      .choose = choose,
      .way = way_in_words(config.dns),
      .anchor = {config.dns.trust_anchor, root_anchor_tags(text_of_file(config.dns.trust_anchor))},
      .make = make_dns(loop, config.dns, choose ? std::move(ready) : nullptr),
      .resolvers = system_resolvers,
      .made_for = std::move(made_for),
      .private_zones = !config.dns.private_zones.empty(),
      .ask_postfix = asks_postfix(config),
      .postfix_resolvers = {}};
  plan.postfix_resolvers = [sockets = config.listen.socketmap] { return postfix_resolvers(sockets); };
  return plan;
}

}  // namespace mtasts
