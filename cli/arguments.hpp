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

// False only if there is no such file; one that this user can't look at is there, and opening it says why.
bool is_there(const std::string& file) noexcept;

// The arguments behind the program's name as CLI11 has to get them: in reverse; an empty value glued to its
// option ("--content-type=") as an argument of its own, because CLI11 would take the next one; and, for
// `lint record`, a NUL (which no argument can have) before each "[", because CLI11 would take "[a,b]" apart.
std::vector<std::string> as_parsed(std::vector<std::string> arguments);

// A host or domain name; U-labels become A-labels. Fault::syntax with what to write instead.
Result<DomainName> domain_argument(std::string_view text);

// A file, or stdin for "-". At most max_input octets; what is beyond is left out, so that lint can still
// judge the size.
Result<std::string> read_input(const std::string& file, std::istream& standard_input);

// A JSON array of strings: `lint record -`.
Result<std::vector<std::string>> json_strings(std::string_view text);

}  // namespace mtasts
