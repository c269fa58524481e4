// shape - makes a TOML text safe for toml++, or says why it can't.
//
// toml++ 3.3 is not safe on hostile bytes. It bounds nested values but not dotted keys, and it destroys
// tables recursively, so 200 KB of "a.a.a...=1" overflow the stack. "[!", "x = [}" and some letters outside
// of ASCII break assumptions of its parser, which is undefined behaviour in its release build. So it is only
// given ASCII of bounded depth: comments are dropped, letters outside of ASCII in "strings" become escapes,
// and the rest of such texts is refused. Multi-line strings, which no key needs, are refused too. Lines keep
// their numbers.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace mtasts {

inline constexpr unsigned max_dots_in_a_line = 64;  // outside of strings and comments
inline constexpr unsigned max_open_brackets = 16;

struct ShapeProblem {
  unsigned line;          // from 1
  std::string_view what;  // static text
};

// The text for toml++, or the first problem.
std::expected<std::string, ShapeProblem> safe_toml(std::string_view text);

}  // namespace mtasts
