// trace_fit - what fit_trace() needs of the writer. Part of trace_file.
#pragma once

#include <string>

#include "diagnose/trace_file.hpp"

namespace mtasts {

// A check's file, however large it is.
std::string write_whole(const CheckInputs& inputs, const Trace& trace);

}  // namespace mtasts
