// private_zones - zones that the public DNS does not know; the system's resolvers are asked about them. Their
// questions are forwarded and not validated, and libunbound never answers them itself (UB-19).
//
// libunbound has no call to forward a single zone, but ub_ctx_config() reads unbound.conf(5) from a file.
// Only names and addresses that were parsed get into that text, so nothing else can be configured through it.
#pragma once

#include <unbound.h>

#include <string>
#include <vector>

#include "core/name_server.hpp"
#include "core/result.hpp"

namespace mtasts {

// The zones as text of unbound.conf(5). Empty if there are no zones or no servers. servers: loopback
// addresses are allowed. Fault::config: a zone is not a domain name, or a server has a bad interface or port
// 0.
Result<std::string> private_zone_text(const std::vector<std::string>& zones,
                                      const std::vector<NameServer>& servers);

// Adds the zones to a context. To be called before its first question (UB-2), by one thread at a time
// (UB-22). Fault::config: as above, or libunbound refuses the zones.
Result<void> add_private_zones(ub_ctx& ctx, const std::vector<std::string>& zones,
                               const std::vector<NameServer>& servers);

// True if a server has a loopback address. Then libunbound must be allowed to ask there.
bool any_loopback(const std::vector<NameServer>& servers);

}  // namespace mtasts
