// explain_live - makes an Explanation from lookups over the network now. It uses DNS and HTTPS as the
// daemon's configuration says, the daemon's cache, and what the running daemon knows about Postfix.
#pragma once

#include "cli/commands.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

// Blocks for as long as DNS and HTTPS take. Fault::syntax: the map name is unknown. Fault::config: a file or
// an option of [dns] or [https] can't be used. A missing cache or daemon is not an error: the inputs say so
// in words.
Result<Explanation> explain_live(const Config& config, const ExplainQuestion& question, const Clock& clock);

}  // namespace mtasts
