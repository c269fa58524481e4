// arguments - turns the command line, files and stdin into values. All of it is hostile text until it has
// gone through here.
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

// False only if there is no such file. For a file that this user may not see it is true; opening it then says
// why it can't be read.
bool is_there(const std::string& file) noexcept;

// Prepares the arguments after the program's name for CLI11:
//
// - They are reversed, as CLI11 wants them.
// - An empty value after "=" ("--content-type=") becomes an argument of its own; CLI11 would take the next
//   argument as the value.
// - For `lint record` and `lint tlsrpt`, an argument that begins with "[" gets a NUL before it, which no
// argument can contain;
//   CLI11 would split "[a,b]".
std::vector<std::string> as_parsed(std::vector<std::string> arguments);

// Reads the name of a host; U-labels become A-labels. Fault::syntax: it is none; detail quotes it. The domain
// or next hop that a verb is about is read by cli/domain_argument.hpp.
Result<DomainName> host_argument(std::string_view text);

// Reads a file, or stdin for "-": at most max_input octets, and the rest is cut off. That is more than any
// limit that lint checks. Fault::config: it can't be read.
Result<std::string> read_input(const std::string& file, std::istream& standard_input);

// Parses a JSON array of strings, for `lint record -` and `lint tlsrpt -`. Fault::syntax: it is anything
// else.
Result<std::vector<std::string>> json_strings(std::string_view text);

}  // namespace mtasts
