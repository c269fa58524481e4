// privileges - gives the cache folder to the user that mtastsd becomes (service/account.hpp).
#pragma once

#include <string>

#include "core/result.hpp"
#include "service/account.hpp"

namespace mtasts {

// Creates the cache folder if it is missing, and gives it and the cache's files in it to the account. A
// folder that holds anything else is left alone, because the path may be wrong; so is one that does not
// belong to root. Fault::storage: the folder can't be created. Fault::config: it can't be given away.
Result<void> give_folder(const std::string& folder, const Account& account);

}  // namespace mtasts
