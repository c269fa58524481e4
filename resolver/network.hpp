// network - the ports to the network as a configuration wants them: libunbound's and HTTPS's options, and who
// can be asked.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "conf/config.hpp"
#include "net/dns/unbound_dns.hpp"
#include "net/https/https_fetch.hpp"
#include "resolver/resolver_choice.hpp"

namespace mtasts {

// libunbound's options for a way through servers. Zones of [dns] private are always asked from the system's
// resolvers.
UnboundOptions unbound_options(const DnsConfig& config, Way way, const Resolvers& servers,
                               const Resolvers& system);

// The way that is taken before anything was tried.
Trial first_way(const DnsConfig& config);
UnboundOptions first_options(const DnsConfig& config, const Resolvers& system);
// What there is to choose from. system: as system_resolvers().
WaysToTry ways_to_try(const DnsConfig& config, const Resolvers& system);

// Makes a Dns on loop. ready: what the first call for first_way() gets; later ones are new, without a cache.
// nullptr: there is none.
MakeDns make_dns(boost::asio::io_context& loop, const DnsConfig& config, std::shared_ptr<Dns> ready);

HttpsOptions https_options(const HttpsConfig& config);

// Of /etc/resolv.conf; 127.0.0.1 if it names none.
Resolvers system_resolvers();

// [dns] trust_anchor with the tags in it; none if it can't be read.
TrustAnchor trust_anchor(const DnsConfig& config);

// A configured way in words: "recursion, as configured".
std::string way_in_words(const DnsConfig& config);

}  // namespace mtasts
