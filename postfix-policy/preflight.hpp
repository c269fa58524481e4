// preflight - checks whether a daemon with this configuration can start on this host. --check-config, the
// start and a reload all call it, so none of them accepts what another would refuse.
#pragma once

#include <functional>
#include <string>

#include "conf/config.hpp"
#include "core/result.hpp"

namespace mtasts {

// Makes DNS and HTTPS from the configuration. This reads the files that the configuration names.
using MakeNetwork = std::function<Result<void>(const Config&)>;

// Checks user, group, sockets and cache folder, then calls make_network. It changes nothing itself. root:
// whether the daemon starts, or was started, as root. Fault::config: detail has a line for each problem, with
// its key and the remedy.
Result<void> check_start(const Config& config, bool root, const MakeNetwork& make_network);

// Checks that this mtastsd knows the format of the cache in the folder: mtastsd's own version and LMDB's. It
// reads the whole file. Only --check-config calls it; a daemon that reloads has the file open already. A file
// that is damaged or can't be read passes, because the start handles that. Fault::storage: a start would
// refuse the cache; detail has the remedy.
Result<void> check_cache_format(const std::string& folder);

// A MakeNetwork that discards what it made.
Result<void> try_network(const Config& config);

}  // namespace mtasts
