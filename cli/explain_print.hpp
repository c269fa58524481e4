// explain_print - prints an Explanation for people, and as JSON (mtastsctl(1)). The text is wrapped at 80
// columns, except what must not be broken. The same Explanation always gives the same output.
#pragma once

#include <boost/json/object.hpp>

#include "cli/terminal.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

// The last line is the verdict: what the next hop needs, and the rule that decided. replies: the reply in
// every dialect, not only in the map's.
void print_explanation(const Explanation& all, bool replies, const Terminal& terminal);

boost::json::object explanation_object(const Explanation& all);

}  // namespace mtasts
