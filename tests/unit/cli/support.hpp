// support - what the tests of mtastsctl share: a terminal whose output is caught, and a time.
#pragma once

#include <chrono>
#include <sstream>
#include <string>

#include "cli/terminal.hpp"
#include "core/decide.hpp"
#include "tests/unit/folder.hpp"

namespace mtasts::test {

// 2026-01-31 12:00:00 UTC
inline constexpr Time noon{std::chrono::seconds(1769860800)};

struct Caught {
  std::ostringstream out, err;
  Terminal text() { return {out, err, false, false}; }
  Terminal json() { return {out, err, true, false}; }
};

}  // namespace mtasts::test
