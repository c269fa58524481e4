// config_file - which octets of the configuration file are in force, and whether the file is still the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace mtasts {

// SHA-256 in lower case hexadecimal, as sha256sum(1) prints it.
std::string sha256_hex(std::string_view octets);

struct ConfigFile {
  std::string path;    // empty: none is in use
  Time loaded{};       // by the start or the last reload that was not refused
  std::string digest;  // of the octets that were loaded; empty without a file
};

// Of the file as it is now; nullopt: it can't be read.
std::optional<std::string> digest_now(const ConfigFile& file);

}  // namespace mtasts
