// overrides - the sections [override."NAME"] of mtastsd.toml.
//
// An override can switch protection off, so nothing in one is guessed: a key, action or answer that is not
// known, two for one next hop, or a missing reason are errors; none of its sections counts then.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <vector>

#include "conf/config.hpp"
#include "conf/problems.hpp"

namespace mtasts {

// node: the root's "override", null if there is none. Appends in the order of the file. Warns of overrides
// without effect: those that are over now, and those of next hops in private_zones ([dns] private, A-labels).
void read_overrides(const toml::node* node, std::vector<OverrideConfig>& out,
                    const std::vector<std::string>& private_zones, Problems& problems, Time now);

}  // namespace mtasts
