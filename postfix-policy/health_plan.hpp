// health_plan - how names are resolved by a configuration, and what the health check has to look at.
#pragma once

#include <boost/asio/io_context.hpp>

#include "conf/config.hpp"
#include "net/dns/unbound_dns.hpp"
#include "postfix-policy/health_check.hpp"

namespace mtasts {

// libunbound's options for a way. Zones of [dns] private are always asked from the resolvers.
UnboundOptions unbound_options(const DnsConfig& config, Way way, const Resolvers& resolvers);

// Of /etc/resolv.conf; 127.0.0.1 if it names none.
Resolvers system_resolvers();

// ready: made already, of these resolvers, for the first way that is tried (or configured), so that its files
// are known to be good. What the plan makes lives on loop.
HealthPlan make_health_plan(boost::asio::io_context& loop, const Config& config, std::shared_ptr<Dns> ready,
                            Resolvers made_for);

}  // namespace mtasts
