// live_hosts - looks at the MX hosts of a domain now, as check does, for the verbs that judge a policy which
// need not be published: generate and lint policy --domain.
#pragma once

#include <boost/json/array.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/domain_argument.hpp"
#include "cli/terminal.hpp"
#include "conf/config.hpp"
#include "core/result.hpp"
#include "diagnose/candidate.hpp"
#include "ports/clock.hpp"

namespace mtasts {

// Blocks for as long as timeout. On a terminal, standard error says which part has ended. Fault::config: a
// file or an option of the configuration can't be used.
Result<LiveHosts> look_at_hosts(const Config& config, const DomainArgument& domain,
                                std::chrono::milliseconds timeout, const Clock& clock,
                                const Terminal& terminal);

// "passes", "fails: …" or "not known: …".
std::string verdict_words(const HostVerdict& host);

// [{"host","passes":true|false|null,"reason"}…]
boost::json::array to_json(const std::vector<HostVerdict>& hosts);

// The reasons of the hosts with this verdict, each once, with "; " between them.
std::string joined_reasons(const std::vector<HostVerdict>& hosts, std::optional<bool> passes);

}  // namespace mtasts
