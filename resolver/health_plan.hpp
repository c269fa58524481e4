// health_plan - how names are resolved by a configuration, and what the health check has to look at.
#pragma once

#include <boost/asio/io_context.hpp>

#include "conf/config.hpp"
#include "resolver/health_check.hpp"

namespace mtasts {

// ready: made already, of these resolvers, for the first way that is tried (or configured), so that its files
// are known to be good. A configured one is not tried itself: it stays in use whatever the trial says, and
// what is forged for that must not stand in its cache. What the plan makes lives on loop.
HealthPlan make_health_plan(boost::asio::io_context& loop, const Config& config, std::shared_ptr<Dns> ready,
                            Resolvers made_for);

}  // namespace mtasts
