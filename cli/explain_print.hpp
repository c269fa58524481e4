// explain_print - prints an Explanation for people, and as JSON (mtastsctl(1)). The text is wrapped at 80
// columns, except what must not be broken. The same Explanation always gives the same output.
#pragma once

#include <boost/json/object.hpp>

#include "cli/terminal.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

void print_explanation(const Explanation& all, const Terminal& terminal);

boost::json::object explanation_object(const Explanation& all);

}  // namespace mtasts
