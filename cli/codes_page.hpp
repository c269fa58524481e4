// codes_page - docs/CHECKS.md: the catalogue of findings as a page.
#pragma once

#include <string>

namespace mtasts {

// The page in Markdown, with a section for each hundred of numbers and a heading for each code.
std::string codes_page();

}  // namespace mtasts
