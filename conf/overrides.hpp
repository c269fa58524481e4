// overrides - the sections [override."NAME"] of mtastsd.toml.
//
// An override can switch protection off, so nothing in one is guessed. An unknown key, action or answer, two
// overrides for one next hop, or a missing reason are errors, for which the whole file is refused.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <vector>

#include "conf/config.hpp"
#include "conf/problems.hpp"

namespace mtasts {

// node: the root's "override"; null: there is none. Appends to out in the order of the file. Warns about
// overrides without effect: those that are over at now, and those for next hops in private_zones ([dns]
// private, A-labels).
void read_overrides(const toml::node* node, std::vector<OverrideConfig>& out,
                    const std::vector<std::string>& private_zones, Problems& problems, Time now);

}  // namespace mtasts
