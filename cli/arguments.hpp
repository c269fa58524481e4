// arguments - what stands on the command line, as values. Everything is hostile text until it went through
// here.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain_name.hpp"
#include "core/result.hpp"

namespace mtasts {

inline constexpr std::size_t max_input = 1 << 20;  // octets read from a file or stdin

// A host or domain name; U-labels become A-labels. Fault::syntax with what to write instead.
Result<DomainName> domain_argument(std::string_view text);

// A file, or stdin for "-". At most max_input octets; what is beyond is left out, so that lint can still
// judge the size.
Result<std::string> read_input(const std::string& file, std::istream& standard_input);

// A JSON array of strings: `lint record -`.
Result<std::vector<std::string>> json_strings(std::string_view text);

}  // namespace mtasts
