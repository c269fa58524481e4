// account - the user that a daemon becomes if it is started as root: [listen] user.
#pragma once

#include <sys/types.h>

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

// The account that a daemon started as root changes to: [listen] user. nullopt: it keeps its user, because it
// is not root, or because [listen] user is empty, is root, or is a default that does not exist.
// Fault::config: the configured user does not exist.
Result<std::optional<Account>> account_to_become(const ListenConfig& config);

// Makes this process run as the account, for good: the groups, the group and the user of every thread.
// Fault::config: a step failed, or the process could still become root again. The process must end then.
Result<void> become(const Account& account);

}  // namespace mtasts
