// explain_print - an Explanation for people, in 80 columns where nothing in it is longer, and as JSON
// (mtastsctl(1)). The same Explanation is always printed the same.
#pragma once

#include <boost/json/object.hpp>

#include "cli/terminal.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

void print_explanation(const Explanation& all, const Terminal& terminal);

boost::json::object explanation_object(const Explanation& all);

}  // namespace mtasts
