// preflight - can a daemon with this configuration start on this host? --check-config, the start and a reload
// all ask here, so that none of them accepts what another would refuse.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "conf/config.hpp"
#include "core/result.hpp"

namespace mtasts {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The user to run as after a start as root: [listen] user. nullopt: stay who we are, because we are not root,
// or because the default user does not exist. Fault::config: a configured user does not exist.
Result<std::optional<Account>> account_to_become(const ListenConfig& config);

// Makes DNS and HTTPS out of the configuration, and so reads the files that it names.
using MakeNetwork = std::function<Result<void>(const Config&)>;

// Looks at user, group, sockets and cache folder, then calls make_network. Changes nothing itself. root: the
// start is, or was, as root. Fault::config: detail has a line for each problem, with its key and remedy.
Result<void> check_start(const Config& config, bool root, const MakeNetwork& make_network);

// Whether this mtastsd can read the cache in the folder: its own version and LMDB's. Reads the whole file, so
// only --check-config calls it: a daemon that reloads has the file open already. A file that is damaged or
// can't be read passes; that is for the start to judge. Fault::storage: the start will refuse; detail has the
// remedy.
Result<void> check_cache_format(const std::string& folder);

// A MakeNetwork that throws away what it made.
Result<void> try_network(const Config& config);

}  // namespace mtasts
