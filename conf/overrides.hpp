// overrides - the sections [override."NAME"] of mtastsd.toml.
//
// An override can switch protection off, so nothing in one is guessed: a key, action or answer that is not
// known, two for one next hop, or a missing reason are errors; none of its sections counts then.
#pragma once

#include <toml++/toml.h>

#include <vector>

#include "conf/config.hpp"
#include "conf/problems.hpp"

namespace mtasts {

// node: the root's "override", null if there is none. Appends in the order of the file. now: to warn of
// overrides that are over.
void read_overrides(const toml::node* node, std::vector<OverrideConfig>& out, Problems& problems, Time now);

}  // namespace mtasts
