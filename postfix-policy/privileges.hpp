// privileges - changes from root to [listen] user for good: the groups, the group and the user of every
// thread.
#pragma once

#include "core/result.hpp"
#include "postfix-policy/preflight.hpp"

namespace mtasts {

// Creates the cache folder if it is missing, and gives it and the cache's files in it to the account. A
// folder that holds anything else is left alone, because the path may be wrong; so is one that does not
// belong to root. Fault::storage: the folder can't be created. Fault::config: it can't be given away.
Result<void> give_folder(const std::string& folder, const Account& account);

// Makes this process run as the account. Fault::config: a step failed, or the process could still become root
// again. The process must end then.
Result<void> become(const Account& account);

}  // namespace mtasts
