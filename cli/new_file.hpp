// new_file - writes a whole file or nothing: a new one beside it that takes its place at the end.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

// For this user alone (0600), durable when it returns. True: a file of that name was replaced. Fault::config:
// detail names the file and the cause; what was there is still there then. What is no regular file is not
// replaced.
Result<bool> write_new_file(const std::string& path, std::string_view text);

}  // namespace mtasts
