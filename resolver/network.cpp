#include "resolver/network.hpp"

#include <algorithm>
#include <utility>

#include "conf/resolv_conf.hpp"
#include "core/dnskey.hpp"
#include "sys/small_file.hpp"

namespace mtasts {

UnboundOptions unbound_options(const DnsConfig& config, Way way, const Resolvers& servers,
                               const Resolvers& system) {
  UnboundOptions options;
  options.forward = servers;
  options.root_hints = config.root_hints;
  options.trust_anchor = config.trust_anchor;
  options.validate = way != Way::unvalidated;
  options.private_zones = config.private_zones;
  options.private_servers = system;
  options.timeout = config.timeout;
  return options;
}

Trial first_way(const DnsConfig& config) {
  if (config.forward_auto) return {.way = Way::recursion, .servers = {}};
  return {.way = Way::configured, .servers = config.forward};
}

UnboundOptions first_options(const DnsConfig& config, const Resolvers& system) {
  Trial first = first_way(config);
  return unbound_options(config, first.way, first.servers, system);
}

WaysToTry ways_to_try(const DnsConfig& config, const Resolvers& system) {
  bool choose = config.forward_auto;
  return {.choose = choose,
          .resolvers = choose ? system : config.forward,
          .words = choose ? std::string() : way_in_words(config)};
}

// The function is copied for each trial, so the copies share what is still ready.
MakeDns make_dns(boost::asio::io_context& loop, const DnsConfig& config, std::shared_ptr<Dns> first) {
  auto ready = std::make_shared<std::shared_ptr<Dns>>(std::move(first));
  return [&loop, config, ready, usual = first_way(config)](Way way, const Resolvers& servers) {
    Result<std::shared_ptr<Dns>> made;
    if (*ready && way == usual.way && servers == usual.servers) {
      made = std::exchange(*ready, nullptr);
      return made;
    }
    auto dns = make_unbound_dns(loop, unbound_options(config, way, servers, system_resolvers()));
    if (dns) {
      made = std::shared_ptr<Dns>(*std::move(dns));
    } else {
      made = std::unexpected(std::move(dns.error()));
    }
    return made;
  };
}

HttpsOptions https_options(const HttpsConfig& config) {
  HttpsOptions options;
  options.ca_file = config.ca_file;
  options.timeout = config.timeout;
  options.proxy = config.proxy;
  options.proxy_credentials_file = config.proxy_credentials_file;
  options.allow_addresses = config.allow_addresses;
  return options;
}

Resolvers system_resolvers() { return parse_resolv_conf(text_of_file("/etc/resolv.conf")); }

TrustAnchor trust_anchor(const DnsConfig& config) {
  return {config.trust_anchor, root_anchor_tags(text_of_file(config.trust_anchor))};
}

std::string way_in_words(const DnsConfig& config) {
  if (config.forward.empty()) return "recursion, as configured";
  std::string text;
  for (const NameServer& each : config.forward)
    text += (text.empty() ? "resolvers " : ", ") + to_string(each);
  return text + ", as configured";
}

}  // namespace mtasts
