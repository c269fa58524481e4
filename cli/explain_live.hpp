// explain_live - an Explanation by the network as it is now: DNS and HTTPS as the daemon's configuration
// wants them, the cache, and the running daemon's word on Postfix.
#pragma once

#include "cli/commands.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

// Blocks for as long as DNS and HTTPS take. Fault::syntax: the next hop or the map's name can't be;
// Fault::config: a file or an option of [dns] or [https] can't be used. A cache or a daemon that is not there
// is none: the inputs say so in words.
Result<Explanation> explain_live(const Config& config, const ExplainQuestion& question, const Clock& clock);

}  // namespace mtasts
