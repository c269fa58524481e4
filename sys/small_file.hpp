// small_file - the octets of a file, up to a bound.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "sys/fd.hpp"

namespace mtasts {

// Reads to the end of the file, but at most `most` octets: to notice a larger file, ask for one octet more
// than you accept. Blocks while a pipe or a device has nothing to read. The error is an errno.
std::expected<std::string, int> read_to_end(const Fd& file, std::size_t most);

// The same for the file at path. A folder gives EISDIR.
std::expected<std::string, int> read_file(const std::string& path, std::size_t most);

// The first 64 KiB of a file that may be missing; "" if it can't be read.
std::string text_of_file(const std::string& path);

}  // namespace mtasts
