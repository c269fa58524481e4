// private_zones - zones that the public DNS does not know, asked from resolvers of one's own: forwarded,
// unsigned (DNSSEC is not asked of them) and never answered by libunbound itself (UB-19).
//
// libunbound has no call for the forward of one zone, but ub_ctx_config() reads unbound.conf(5) from a file.
// Only names and addresses that were parsed get into that text, so nothing else can be configured through it.
#pragma once

#include <unbound.h>

#include <string>
#include <vector>

#include "core/name_server.hpp"
#include "core/result.hpp"

namespace mtasts {

// servers: loopback ones too; at least one if there are zones. Empty text: no zones. Fault::config: a zone is
// no name, or a server's interface can be none.
Result<std::string> private_zone_text(const std::vector<std::string>& zones,
                                      const std::vector<NameServer>& servers);

// To be called before the context's first question (UB-2), by one thread at a time (UB-22).
Result<void> add_private_zones(ub_ctx& ctx, const std::vector<std::string>& zones,
                               const std::vector<NameServer>& servers);

// Is one of the servers a loopback address? Then libunbound must be allowed to ask there.
bool any_loopback(const std::vector<NameServer>& servers);

}  // namespace mtasts
