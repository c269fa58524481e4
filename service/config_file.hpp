// config_file - remembers which version of the configuration file is in force, to tell whether the file has
// changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace mtasts {

// The SHA-256 of octets in lower-case hexadecimal, as sha256sum(1) prints it.
std::string sha256_hex(std::string_view octets);

struct ConfigFile {
  std::string path;    // empty: mtastsd runs without a file
  Time loaded{};       // at the start, or at the last reload that was not refused
  std::string digest;  // of the contents that were loaded; empty without a file
};

// The digest of the file's present contents; nullopt if it can't be read.
std::optional<std::string> digest_now(const ConfigFile& file);

}  // namespace mtasts
