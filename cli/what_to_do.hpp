// what_to_do - what an administrator can do after reading an explanation; the line of that name in explain.
#pragma once

#include <string>

#include "diagnose/explanation.hpp"

namespace mtasts {

// One or two clauses without a full stop, in printable ASCII. They begin with "nothing" if all is well. What
// is wrong on this host comes before what is wrong with the domain.
std::string what_to_do(const Explanation& all);

}  // namespace mtasts
