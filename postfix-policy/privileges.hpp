// privileges - from root to [listen] user, for good: groups, group and user, of every thread.
#pragma once

#include "core/result.hpp"
#include "postfix-policy/preflight.hpp"

namespace mtasts {

// Makes the cache folder if need be and gives it, and the cache's files in it, to the account. A folder of
// root's that holds something else is left alone: the path may be wrong. Fault::storage if the folder can't
// be made.
Result<void> give_folder(const std::string& folder, const Account& account);

// Fault::config: some step failed, or root can be had back; the process must end then.
Result<void> become(const Account& account);

}  // namespace mtasts
