// new_file - writes a whole file or nothing: it writes a new file beside the old one, then renames it.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

// Writes text to path, readable for this user only (0600). Returns true if it replaced a file. The data is on
// the disk when it returns. Fault::config: path is not a regular file, or can't be written; the old file is
// unchanged, and detail names the file and the cause.
Result<bool> write_new_file(const std::string& path, std::string_view text);

// Whether that can be done, before there is a text. Nothing is left behind. Errors as above.
Result<void> try_new_file(const std::string& path);

}  // namespace mtasts
