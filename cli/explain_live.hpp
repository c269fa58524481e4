// explain_live - makes an Explanation from lookups over the network now. It uses DNS and HTTPS as the
// daemon's configuration says, the daemon's cache, and what the running daemon knows about Postfix.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"
#include "diagnose/explanation.hpp"
#include "resolver/resolver_choice.hpp"

namespace mtasts {

// What a lookup is made with: the inputs of the decision, and a way to resolve that was tried just now.
struct Prepared {
  ExplainInputs inputs;
  std::optional<Choice> choice;  // nullopt: the answer needs no lookup (LookUp::if_needed)
};
enum class LookUp { if_needed, always };

// Reads what the configuration, the cache and the running daemon say about the next hop, and chooses how to
// resolve. Blocks for as long as that takes. Errors as below.
Result<Prepared> prepare(boost::asio::io_context& loop, const Config& config, const ExplainQuestion& question,
                         const Clock& clock, LookUp when);

// The inputs for another next hop in the same zone, with what first says about resolving and about Postfix.
// Fault::syntax: the map name is unknown.
Result<ExplainInputs> prepare_another(const ExplainInputs& first, const Config& config,
                                      const ExplainQuestion& question, const Clock& clock);

// Blocks for as long as DNS and HTTPS take. Fault::syntax: the map name is unknown. Fault::config: a file or
// an option of [dns] or [https] can't be used. A missing cache or daemon is not an error: the inputs say so
// in words.
Result<Explanation> explain_live(const Config& config, const ExplainQuestion& question, const Clock& clock);

}  // namespace mtasts
