// network - turns a configuration into options for libunbound and HTTPS, and into the ways that can be tried.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "conf/config.hpp"
#include "net/dns/unbound_dns.hpp"
#include "net/https/https_fetch.hpp"
#include "resolver/resolver_choice.hpp"

namespace mtasts {

// libunbound's options for a way that asks `servers`. system: system_resolvers(), which are always asked
// about the zones of [dns] private.
UnboundOptions unbound_options(const DnsConfig& config, Way way, const Resolvers& servers,
                               const Resolvers& system);

// The way that is in use before any trial, and its options.
Trial first_way(const DnsConfig& config);
UnboundOptions first_options(const DnsConfig& config, const Resolvers& system);
// The ways that can be tried. system: system_resolvers().
WaysToTry ways_to_try(const DnsConfig& config, const Resolvers& system);

// The function that makes a Dns on loop. Its first call for first_way() returns `ready`, unless that is
// nullptr; every other call makes a new Dns with an empty cache.
MakeDns make_dns(boost::asio::io_context& loop, const DnsConfig& config, std::shared_ptr<Dns> ready);

HttpsOptions https_options(const HttpsConfig& config);

// The resolvers of /etc/resolv.conf; 127.0.0.1 if it names none.
Resolvers system_resolvers();

// The file of [dns] trust_anchor and the tags in it; no tags if it can't be read.
TrustAnchor trust_anchor(const DnsConfig& config);

// Says what the configured way is: "recursion, as configured".
std::string way_in_words(const DnsConfig& config);

}  // namespace mtasts
