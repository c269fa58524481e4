// health_plan - makes from a configuration the plan of the health check: how names are resolved, and what to
// check.
#pragma once

#include <boost/asio/io_context.hpp>

#include "conf/config.hpp"
#include "resolver/health_check.hpp"

namespace mtasts {

// ready: the Dns that was made for the first way (first_way()), so that its files are known to be good.
// made_for: the resolvers of /etc/resolv.conf at that time. If the way is configured, the trials make a new
// Dns: `ready` stays in use whatever they find, and forged answers to a trial must not get into its cache.
// Every Dns that the plan makes lives on loop.
HealthPlan make_health_plan(boost::asio::io_context& loop, const Config& config, std::shared_ptr<Dns> ready,
                            Resolvers made_for);

}  // namespace mtasts
