// judge_input - what a check was given, and what it took that for. Pure.
#pragma once

#include <string_view>

#include "core/finding.hpp"

namespace mtasts {

// Octets of the user's text that a check keeps. No name is that long, in any script.
inline constexpr std::size_t longest_given = 1024;

// Whether the text was more than a bare name (input-corrected), and whether it had U-labels (domain-u-label).
// Upper case and white space are not worth a remark. given: the user's text, cut to longest_given octets;
// empty: it was the domain. domain: what it was understood as, in A-labels.
Findings judge_input(std::string_view given, std::string_view domain);

}  // namespace mtasts
